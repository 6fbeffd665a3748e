// Prints the requests of @device-management-toolkit/wsman-messages, one a line: name, tab, XML. compare.c holds ours by
// the same names.
const { AMT, CIM, IPS } = require('@device-management-toolkit/wsman-messages')
const amt = new AMT.Messages()
const cim = new CIM.Messages()
const ips = new IPS.Messages()

const boot = {
  BIOSPause: false,
  BIOSSetup: true,
  BootMediaIndex: 0,
  ConfigurationDataReset: false,
  ElementName: 'Intel(r) AMT Boot Configuration Settings',
  EnforceSecureBoot: false,
  FirmwareVerbosity: 0,
  ForcedProgressEvents: false,
  IDERBootDevice: 0,
  InstanceID: 'Intel(r) AMT:BootSettingData 0',
  LockKeyboard: false,
  OwningEntity: 'Intel(r) AMT',
  ReflashBIOS: false,
  UseIDER: false,
  UseSOL: true,
  UserPasswordBypass: false
}

const requests = {
  'enumerate power': cim.ServiceAvailableToElement.Enumerate(),
  'pull power': cim.ServiceAvailableToElement.Pull('53000000-0000-0000-0000-000000000000'),
  'power on': cim.PowerManagementService.RequestPowerStateChange(2),
  'power cycle': cim.PowerManagementService.RequestPowerStateChange(5),
  'power off': cim.PowerManagementService.RequestPowerStateChange(8),
  'reset': cim.PowerManagementService.RequestPowerStateChange(10),
  'OS full power': ips.PowerManagementService.RequestOSPowerSavingStateChange(2),
  'get OS power': ips.PowerManagementService.Get(),
  'enumerate software': cim.SoftwareIdentity.Enumerate(),
  'pull software': cim.SoftwareIdentity.Pull('5'),
  'get general': amt.GeneralSettings.Get(),
  'get setup': amt.SetupAndConfigurationService.Get(),
  'get UUID': amt.SetupAndConfigurationService.GetUuid(),
  'get host setup': ips.HostBasedSetupService.Get(),
  'get system package': cim.ComputerSystemPackage.Get(),
  'get ethernet': amt.EthernetPortSettings.Get({ name: 'InstanceID', value: 'Intel(r) AMT Ethernet Port Settings 0' }),
  'get boot capabilities': amt.BootCapabilities.Get(),
  'get boot': amt.BootSettingData.Get(),
  'put boot': amt.BootSettingData.Put(boot),
  'boot role': cim.BootService.SetBootConfigRole('Intel(r) AMT: Boot Configuration 0', 1),
  'boot PXE': cim.BootConfigSetting.ChangeBootOrder('Intel(r) AMT: Force PXE Boot'),
  'boot disk': cim.BootConfigSetting.ChangeBootOrder('Intel(r) AMT: Force Hard-drive Boot'),
  'boot CD': cim.BootConfigSetting.ChangeBootOrder('Intel(r) AMT: Force CD/DVD Boot'),
  'boot normally': cim.BootConfigSetting.ChangeBootOrder(),
  'boot not next': cim.BootService.SetBootConfigRole('Intel(r) AMT: Boot Configuration 0', 32768),
  'get consent': ips.OptInService.Get(),
  'get redirection': amt.RedirectionService.Get(),
  'redirection on': amt.RedirectionService.RequestStateChange(32771),
  'put redirection': amt.RedirectionService.Put({ EnabledState: 32771, ListenerEnabled: true }),
  'KVM on': cim.KVMRedirectionSAP.RequestStateChange(2),
  'audit records': amt.AuditLog.ReadRecords(11),
  'first event': amt.MessageLog.PositionToFirstRecord(),
  'events': amt.MessageLog.GetRecords(1, 390),
  'commit': amt.SetupAndConfigurationService.CommitChanges(),
  'delete certificate': amt.PublicKeyCertificate.Delete({
    name: 'InstanceID',
    value: 'Intel(r) AMT Certificate: Handle: 1'
  })
}
for (const [name, xml] of Object.entries(requests)) console.log(name + '\t' + xml.replace(/\r?\n/g, ''))
