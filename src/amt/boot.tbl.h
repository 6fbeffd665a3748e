/* boot.tbl.h - what a computer can be made to boot into once.
 *
 * BOOT_CHOICE(name, number, field of cim_boot_capabilities, InstanceID of the CIM_BootSourceSetting or NULL,
 * "sentence")
 *
 * The lower-case name is the word that people, the API and schedules use. The number is never reused; 0 is no choice.
 * Without a source the choice is a property of AMT_BootSettingData. Sources: Intel AMT guide, "Set or Disable Boot
 * Configuration Settings", as recorded from AMT 12. */
/* clang-format off */
BOOT_CHOICE(BIOS, 1, bios_setup, NULL,                                "the BIOS set-up")
BOOT_CHOICE(PXE,  2, force_pxe,  "Intel(r) AMT: Force PXE Boot",        "the network (PXE)")
BOOT_CHOICE(DISK, 3, force_disk, "Intel(r) AMT: Force Hard-drive Boot", "the hard disk")
BOOT_CHOICE(CD,   4, force_cd,   "Intel(r) AMT: Force CD/DVD Boot",     "a CD or DVD")
/* clang-format on */
