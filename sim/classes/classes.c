#include "classes/classes.h"

#include "base/base.h"

const struct class *const *const class_files[] = {
	classes_power,
};
const size_t class_file_count = ARRAY_LEN(class_files);
