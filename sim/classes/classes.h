/* classes.h - what the files of this folder share: one NULL-ended list of classes each, ways to write rows, common
 * references, and the few values that one file needs from another. Each file is an area. */
#ifndef SIM_CLASSES_H
#define SIM_CLASSES_H

#include "class.h"

/* Rows of properties. t: STR, INT, BOOL, ...; v: constant text; f: make function. */
#define FIXED(n, t, v)                                                                                                 \
	{                                                                                                              \
		n, PROP_##t, 0, .value = v                                                                             \
	}
#define KEY(n, v)                                                                                                      \
	{                                                                                                              \
		n, PROP_STR, PROP_KEY, .value = v                                                                      \
	}
#define LIST(n, t, v)                                                                                                  \
	{                                                                                                              \
		n, PROP_##t, PROP_ARRAY, .value = v                                                                    \
	}
#define MADE(n, t, f)                                                                                                  \
	{                                                                                                              \
		n, PROP_##t, 0, .make = f                                                                              \
	}
#define MADE_KEY(n, f)                                                                                                 \
	{                                                                                                              \
		n, PROP_STR, PROP_KEY, .make = f                                                                       \
	}
#define PUT(n, t, v)                                                                                                   \
	{                                                                                                              \
		n, PROP_##t, PROP_PUT, .value = v                                                                      \
	}
#define PUT_MADE(n, t, f)                                                                                              \
	{                                                                                                              \
		n, PROP_##t, PROP_PUT, .make = f                                                                       \
	}
#define PUT_NULL(n, t)                                                                                                 \
	{                                                                                                              \
		n, PROP_##t, PROP_PUT, .value = NULL                                                                   \
	} /* nothing until it is put */
#define SINCE(major, minor) .since = PROFILE_VERSION(major, minor)
#define UNTIL(major, minor) .until = PROFILE_VERSION(major, minor)

/* The keys that every service of the controller has besides its Name. */
#define IN_AMT                                                                                                         \
	{"SystemCreationClassName", PROP_STR, PROP_KEY, .value = "CIM_ComputerSystem"},                                \
	{                                                                                                              \
		"SystemName", PROP_STR, PROP_KEY, .value = "Intel(r) AMT"                                              \
	}
#define IN_HOST                                                                                                        \
	{"SystemCreationClassName", PROP_STR, PROP_KEY, .value = "CIM_ComputerSystem"},                                \
	{                                                                                                              \
		"SystemName", PROP_STR, PROP_KEY, .value = "ManagedSystem"                                             \
	}
#define SELECTORS_IN_AMT "&SystemCreationClassName=CIM_ComputerSystem&SystemName=Intel(r) AMT"

#define EPR_MANAGED_SYSTEM "CIM_ComputerSystem?CreationClassName=CIM_ComputerSystem&Name=ManagedSystem"
#define EPR_CHASSIS        "CIM_Chassis?CreationClassName=CIM_Chassis&Tag=CIM_Chassis"

extern const struct class *const classes_power[];
extern const struct class *const classes_identity[];
extern const struct class *const classes_hardware[];
extern const struct class *const classes_network[];
extern const struct class *const classes_boot[];
extern const struct class *const classes_redirection[];
extern const struct class *const classes_logs[];
extern const struct class *const classes_access[];
extern const struct class *const classes_certificates[];
extern const struct class *const classes_remote[];
extern const struct class *const classes_events[];
extern const struct class *const classes_setup[];

unsigned power_scheme_active(const struct get *g); /* instance of AMT_SystemPowerScheme */
/* Text of the EPR of a power scheme. */
void power_scheme_epr(const struct get *g, unsigned scheme, struct values *to);
/* The seven bytes of boot options in audit records of application 17. */
void boot_audit_bytes(const struct device *d, uint8_t to[7]);
/* What the next boot goes into by the choice of a client: "bios", "pxe", "disk", "cd", "https", "ider" or "default";
 * NULL: nobody has chosen, or the choice does not count. */
const char *boot_next(struct sim *s, struct device *d);
/* Does a boot source or option stand there, whether it counts or not? */
bool boot_is_set(struct sim *s, struct device *d);
/* Is user consent required but missing? */
bool optin_is_missing(const struct get *g);
/* Values of a property of the first instance as a number; 0 when it is none. */
uint64_t class_number(const struct get *g, const char *class_name, const char *prop);
/* Its UUID in the order of SMBIOS. */
void wire_uuid(const struct get *g, uint8_t to[16]);
/* Does AMT_TLSSettingData of the remote interface (also as it is staged) say so? */
bool tls_setting(const struct get *g, const char *prop);
/* May what is staged for TLS be committed? 0, or the PT_STATUS that CommitChanges answers. */
uint32_t tls_commit_check(const struct get *g);
/* Makes it true; the check was passed. */
void tls_commit(const struct exchange *x, const struct get *g);
/* Alarms that are due switch the host on. */
void alarms_settle(struct sim *s, struct device *d);

#endif
