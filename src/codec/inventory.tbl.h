/* inventory.tbl.h - what a record of a managed computer can say.
 *
 * INVENTORY_FIELD(ID, "name", "other names", MANY, "sentence"). Names are compared without case, blanks, hyphens and
 * underscores. MANY: several values, apart by blanks, commas or semicolons; in JSON also a list. */
/* clang-format off */
INVENTORY_FIELD(NAME,    "name",    "computer,device,cn",                    false, "name of the device; left out: the fqdn")
INVENTORY_FIELD(UUID,    "uuid",    "smbiosuuid,systemuuid,guid",            false, "SMBIOS UUID")
INVENTORY_FIELD(MAC,     "mac",     "macs,macaddress,macaddresses",          true,  "MAC addresses")
INVENTORY_FIELD(FQDN,    "fqdn",    "dnsname,dnshostname,hostname",          false, "name in DNS with its domain")
INVENTORY_FIELD(ADDRESS, "address", "addresses,ip,ips,ipaddress,ipaddresses,iphostnumber", true, "IP addresses")
INVENTORY_FIELD(SERIAL,  "serial",  "serialnumber",                          false, "serial number")
INVENTORY_FIELD(FOLDER,  "folder",  "path",                                  false, "folder of a device that is not there yet")
/* clang-format on */
