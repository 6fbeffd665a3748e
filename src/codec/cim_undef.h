/* cim_undef.h - forgets the row macros after an inclusion of cim.tbl.h; included many times on purpose. */
#undef CIM_CLASS
#undef CIM_CLASS_END
#undef CIM_STR
#undef CIM_BOOL
#undef CIM_U64
#undef CIM_U64S
#undef CIM_UUID
#undef CIM_MAC
#undef CIM_DATA
#undef CIM_TIME
