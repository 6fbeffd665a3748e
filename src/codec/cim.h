/* cim.h - AMT's classes as structs: readers of instances and method outputs, writers of instances and method calls.
 *
 * The properties stand once, in cim.tbl.h; from it come the structs below, their readers and their writers. A reader
 * takes an instance element (from wsman_instance_read, or a child of wsman_pull_read's Items). Which properties the
 * device told is in has: AMT leaves out what is NULL, and an empty string is not NULL. Unknown properties are skipped.
 * Strings are kept without the white space at their ends. Any thread. */
#ifndef CODEC_CIM_H
#define CODEC_CIM_H

#include "codec/wsman.h"

/* clang-format off */
/* struct cim_power, cim_general, ...: see the table. */
#define CIM_CLASS(S, class) \
	struct cim_##S { \
		uint64_t has;
#define CIM_CLASS_END(S) \
	} \
	;
#define CIM_STR(S, property, field, room, flags) char field[room];
#define CIM_BOOL(S, property, field, flags) bool field;
#define CIM_U64(S, property, field, flags) uint64_t field;
#define CIM_U64S(S, property, field, room, flags) \
	uint64_t field[room]; \
	size_t field##_count;
#define CIM_UUID(S, property, field, flags) struct uuid field;
#define CIM_MAC(S, property, field, flags) uint8_t field[6];
#define CIM_DATA(S, property, field, room, flags) \
	uint8_t field[room]; \
	size_t field##_len;
#define CIM_TIME(S, property, field, flags) int64_t field;
#include "codec/cim.tbl.h"
#include "codec/cim_undef.h"

/* The place of a property in has: CIM_AT_power_state. */
#define CIM_CLASS(S, class) enum {
#define CIM_CLASS_END(S) \
	} \
	;
#define CIM_STR(S, property, field, room, flags) CIM_AT_##S##_##field,
#define CIM_BOOL(S, property, field, flags) CIM_AT_##S##_##field,
#define CIM_U64(S, property, field, flags) CIM_AT_##S##_##field,
#define CIM_U64S(S, property, field, room, flags) CIM_AT_##S##_##field,
#define CIM_UUID(S, property, field, flags) CIM_AT_##S##_##field,
#define CIM_MAC(S, property, field, flags) CIM_AT_##S##_##field,
#define CIM_DATA(S, property, field, room, flags) CIM_AT_##S##_##field,
#define CIM_TIME(S, property, field, flags) CIM_AT_##S##_##field,
#include "codec/cim.tbl.h"
#include "codec/cim_undef.h"
/* clang-format on */

/* CIM_HAS(power, &p, requested): did the device tell it? CIM_GIVE marks a property as told, for a writer. */
#define CIM_HAS(S, ptr, field)  (((ptr)->has >> CIM_AT_##S##_##field & 1) != 0)
#define CIM_GIVE(S, ptr, field) ((void)((ptr)->has |= (uint64_t)1 << CIM_AT_##S##_##field))

/* clang-format off */
/* One of each for each class:
 *
 * int cim_power_read(const struct xml_node *instance, struct cim_power *ret, struct err *e)
 *   ERR_MALFORMED: another class, or a needed property is missing or says what its type does not allow. Any other
 *   property that says such a thing, or more than there is room for, counts as not told.
 *
 * int cim_power_put(struct buf *out, const struct uuid *message_id, const struct cim_power *v, struct err *e)
 *   A whole Put request of the told properties, in wire order, without read-only ones; so that a Put of what a Get
 *   gave is accepted. ERR_TOO_BIG. */
#define CIM_CLASS(S, class) \
	int cim_##S##_read(const struct xml_node *instance, struct cim_##S *ret, struct err *e); \
	int cim_##S##_put(struct buf *out, const struct uuid *message_id, const struct cim_##S *v, struct err *e);
#define CIM_CLASS_END(S)
#define CIM_STR(S, property, field, room, flags)
#define CIM_BOOL(S, property, field, flags)
#define CIM_U64(S, property, field, flags)
#define CIM_U64S(S, property, field, room, flags)
#define CIM_UUID(S, property, field, flags)
#define CIM_MAC(S, property, field, flags)
#define CIM_DATA(S, property, field, room, flags)
#define CIM_TIME(S, property, field, flags)
#include "codec/cim.tbl.h"
#include "codec/cim_undef.h"
/* clang-format on */

/* Values of PowerState and RequestPowerStateChange (DSP1027). */
enum cim_power_state {
	CIM_POWER_OTHER = 1,
	CIM_POWER_ON = 2,
	CIM_POWER_SLEEP_LIGHT = 3,
	CIM_POWER_SLEEP_DEEP = 4,
	CIM_POWER_CYCLE_OFF_SOFT = 5,
	CIM_POWER_OFF_HARD = 6,
	CIM_POWER_HIBERNATE = 7,
	CIM_POWER_OFF_SOFT = 8,
	CIM_POWER_CYCLE_OFF_HARD = 9,
	CIM_POWER_RESET = 10,
	CIM_POWER_NMI = 11,
	CIM_POWER_OFF_SOFT_GRACEFUL = 12,
	CIM_POWER_OFF_HARD_GRACEFUL = 13,
	CIM_POWER_RESET_GRACEFUL = 14,
	CIM_POWER_CYCLE_OFF_SOFT_GRACEFUL = 15,
	CIM_POWER_CYCLE_OFF_HARD_GRACEFUL = 16,
};

/* Whole method calls. ERR_TOO_BIG. Replies: wsman_method_done with the method's name. */
int cim_power_change_write(struct buf *out, const struct uuid *message_id, unsigned state, struct err *e);
#define CIM_POWER_CHANGE  "RequestPowerStateChange"
/* CIM_POWER_SERVICE is the class that takes it. Full power is 2. */
#define CIM_POWER_SERVICE "CIM_PowerManagementService"
int cim_os_power_write(struct buf *out, const struct uuid *message_id, unsigned saving_state, struct err *e);
#define CIM_OS_POWER_CHANGE "RequestOSPowerSavingStateChange"
/* source: InstanceID of a CIM_BootSourceSetting, as "Intel(r) AMT: Force PXE Boot"; NULL clears the order. */
int cim_boot_order_write(struct buf *out, const struct uuid *message_id, const char *source, struct err *e);
#define CIM_BOOT_ORDER "ChangeBootOrder"
int cim_boot_role_write(struct buf *out, const struct uuid *message_id, unsigned role, struct err *e);
#define CIM_BOOT_ROLE           "SetBootConfigRole"
#define CIM_BOOT_ROLE_NEXT_ONCE 1
#define CIM_BOOT_ROLE_NOT_NEXT  32768
/* RequestStateChange of AMT_RedirectionService, CIM_KVMRedirectionSAP, CIM_BootService, ... */
int cim_state_change_write(struct buf *out, const struct uuid *message_id, const char *class_name, unsigned state,
			   struct err *e);
#define CIM_STATE_CHANGE "RequestStateChange"

/* AMT_SetupAndConfigurationService.GetUuid. */
int cim_uuid_read(const struct wsman_reply *r, struct uuid *ret, struct err *e);
#define CIM_GET_UUID "GetUuid"

/* Firmware version, build and SKU out of the items of a CIM_SoftwareIdentity enumeration; call for every Pull with the
 * same ret, which is zeroed before the first. Never fails: a line that cannot be read is skipped, empty is unknown. */
struct cim_versions {
	char amt[64];   /* "12.0.67" */
	char build[64]; /* "1579" */
	uint64_t sku;   /* bit mask: 8 AMT Pro, 16 Standard Manageability, 0x4000 corporate */
	char flash[64];
	char recovery[64];
};
void cim_versions_read(const struct xml_node *items, struct cim_versions *ret);

#endif
