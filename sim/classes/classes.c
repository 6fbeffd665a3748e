#include "classes/classes.h"

#include "base/base.h"

const struct class *const *const class_files[] = {
	classes_power, classes_identity, classes_hardware,     classes_network, classes_boot,   classes_redirection,
	classes_logs,  classes_access,   classes_certificates, classes_remote,  classes_events, classes_setup,
};
const size_t class_file_count = ARRAY_LEN(class_files);

uint64_t class_number(const struct get *g, const char *class_name, const char *prop)
{
	struct get first = *g;
	struct values v;
	uint64_t n = 0;

	first.instance = 0;
	(void)text_to_u64(bytes_str(class_text(class_name, prop, &first, &v)), &n); /* then 0 */
	return n;
}
