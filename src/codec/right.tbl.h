/* right.tbl.h - every right that an administrator can have or be denied, and the roles that come with the product, once.
 *
 * RIGHT(ID, "category.right", TREE, DENIED_WITH, "roles", "sentence")
 *   TREE         what it is asked about: ZONE the zone as a whole, DEVICE a folder of devices, VAULT a folder of the vault
 *   DENIED_WITH  denying that right denies this one too; NONE
 *   roles        letters of the built-in roles that allow it; administrator allows all
 * ROLE(ID, "name", "letter", "sentence")
 * CATEGORY("name", AUDIT)  what stands before the dot of a right
 *   AUDIT  ALWAYS    commands that need such a right are written into the audit, whatever the settings say: they decide
 *                    who may do what, what is known of it, or what secrets there are
 *          SWITCHED  they are while the setting audit-changes is on
 *   A category without a row is taken as ALWAYS, and a test names it.
 *
 * A right that is given at a folder is given for all folders below it. The names are kept in databases: they never
 * change. Whoever includes this file defines those of the macros that it wants; the others are empty. */

/* clang-format off */
#ifndef RIGHT
#define RIGHT(...)
#endif
#ifndef ROLE
#define ROLE(...)
#endif
#ifndef CATEGORY
#define CATEGORY(...)
#endif

ROLE(ADMINISTRATOR, "administrator", "A", "may do everything")
ROLE(OPERATOR,      "operator",      "O", "sees the zone, switches and tests devices, opens their consoles")
ROLE(POWER,         "power",         "P", "switches devices and sees what came of it, and nothing else")
ROLE(VIEWER,        "viewer",        "V", "sees the zone and changes nothing")
ROLE(AUDITOR,       "auditor",       "U", "sees the zone, its administrators and the audit, and changes nothing")

CATEGORY("administrator", ALWAYS)
CATEGORY("zone",          ALWAYS)
CATEGORY("setting",       ALWAYS)
CATEGORY("credential",    ALWAYS)
CATEGORY("device",        SWITCHED)
CATEGORY("power",         SWITCHED)
CATEGORY("console",       ALWAYS)
CATEGORY("schedule",      SWITCHED)
CATEGORY("discovery",     SWITCHED)
CATEGORY("deployment",    ALWAYS)
CATEGORY("inventory",     SWITCHED)
CATEGORY("message",       ALWAYS)
CATEGORY("audit",         ALWAYS)

RIGHT(ADMINISTRATOR_VIEW,   "administrator.view",   ZONE, NONE, "U", "see accounts, groups, roles, rights, sessions and tokens")
RIGHT(ADMINISTRATOR_MODIFY, "administrator.modify", ZONE, NONE, "", "change accounts, groups, roles, rights, sessions and tokens; nobody gives more than he has")

RIGHT(ZONE_VIEW,   "zone.view",   ZONE, NONE, "OVU", "see the zone, its servers and counters")
RIGHT(ZONE_MODIFY, "zone.modify", ZONE, NONE, "", "change the zone itself")

RIGHT(SETTING_VIEW,   "setting.view",   DEVICE, NONE, "OVU", "see settings")
RIGHT(SETTING_MODIFY, "setting.modify", DEVICE, NONE, "", "change settings")

RIGHT(CREDENTIAL_VIEW,          "credential.view",          VAULT, NONE, "OVU", "see credentials without their passwords, and use them for devices; denying it denies all rights of credentials")
RIGHT(CREDENTIAL_MODIFY,        "credential.modify",        VAULT, CREDENTIAL_VIEW, "", "change name, login, password and text of credentials")
RIGHT(CREDENTIAL_CREATE,        "credential.create",        VAULT, CREDENTIAL_VIEW, "", "make, move and remove credentials")
RIGHT(CREDENTIAL_FOLDER_MODIFY, "credential.folder-modify", VAULT, CREDENTIAL_VIEW, "", "rename folders of the vault; needs credential.modify too, and to move one credential.create and credential.folder-create")
RIGHT(CREDENTIAL_FOLDER_CREATE, "credential.folder-create", VAULT, CREDENTIAL_VIEW, "", "make and remove folders of the vault")

RIGHT(DEVICE_VIEW,          "device.view",          DEVICE, NONE, "OVU", "see devices, folders and groups, and what was done to them")
RIGHT(DEVICE_MODIFY,        "device.modify",        DEVICE, NONE, "", "change devices and their AMT settings")
RIGHT(DEVICE_CREATE,        "device.create",        DEVICE, NONE, "", "make, import, move and remove devices")
RIGHT(DEVICE_FOLDER_MODIFY, "device.folder-modify", DEVICE, NONE, "", "rename folders; needs device.modify too, and to move one device.create and device.folder-create")
RIGHT(DEVICE_FOLDER_CREATE, "device.folder-create", DEVICE, NONE, "", "make and remove folders")

RIGHT(POWER_SWITCH, "power.switch", DEVICE, NONE, "OP", "shut down, reboot and wake up devices, read their power state, hold what changes it")
RIGHT(POWER_TEST,   "power.test",   DEVICE, NONE, "O", "test the connection to devices")
RIGHT(CONSOLE_OPEN, "console.open", DEVICE, NONE, "O", "open the console of devices: serial over LAN, KVM")

RIGHT(SCHEDULE_VIEW,   "schedule.view",   DEVICE, NONE, "OVU", "see schedules and what they will do")
RIGHT(SCHEDULE_MODIFY, "schedule.modify", DEVICE, NONE, "", "change schedules; to make, change and resume them needs power.switch too")

RIGHT(DISCOVERY_VIEW,       "discovery.view",       ZONE, NONE, "OVU", "see discovery tasks and what they found")
RIGHT(DISCOVERY_SCAN,       "discovery.scan",       ZONE, NONE, "", "look for AMT devices in address ranges, forget what was found")
RIGHT(DEPLOYMENT_PROVISION, "deployment.provision", ZONE, NONE, "", "set up AMT on devices, and take it down")

RIGHT(INVENTORY_VIEW,   "inventory.view",   ZONE, NONE, "OVU", "see records of managed computers, and how they fit the devices")
RIGHT(INVENTORY_MODIFY, "inventory.modify", ZONE, NONE, "", "import and change records of managed computers, fit them to devices")

RIGHT(MESSAGE_VIEW,   "message.view",   ZONE, NONE, "OVU", "see messages")
RIGHT(MESSAGE_ACKNOWLEDGE, "message.acknowledge", ZONE, NONE, "O", "acknowledge messages")
RIGHT(MESSAGE_MODIFY, "message.modify", ZONE, NONE, "", "purge messages, change where they are sent")

RIGHT(AUDIT_VIEW,   "audit.view",   ZONE, NONE, "U", "see, verify and export the audit")
RIGHT(AUDIT_MODIFY, "audit.modify", ZONE, NONE, "", "cut the audit at a checkpoint")

#undef RIGHT
#undef ROLE
#undef CATEGORY
/* clang-format on */
