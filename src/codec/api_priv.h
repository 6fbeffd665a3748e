/* api_priv.h - what the files of the API's table share: api.c (rows and routes), api_call.c (requests), api_write.c
 * (answers). Pure. */
#ifndef CODEC_API_PRIV_H
#define CODEC_API_PRIV_H

#include "codec/api.h"

/* One segment of a path: takes it off *rest, which begins with a slash. False at the end. */
bool api_take_segment(struct bytes *rest, struct bytes *ret);
bool api_is_argument(struct bytes segment); /* "{name}" of a template */
bool api_path_matches(const struct api_command *c, struct bytes path);
size_t api_find_byte(struct bytes in, char c); /* in.len when it is not there */

#endif
