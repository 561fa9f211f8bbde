/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A picture that somebody leaked, as luma: PNG, JPEG or WebP, by their own libraries. Bytes of an
 * outsider: decoded only in a process that has nothing else (search.h).
 */
#ifndef HOLDFAST_CONSOLE_TRACE_PICTURE_H
#define HOLDFAST_CONSOLE_TRACE_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#define PICTURE_BYTES_MAX  (64 << 20)
#define PICTURE_PIXELS_MAX 64000000 /* more than telephones make */
#define PICTURE_SIDE_MAX   20000

struct picture {
	unsigned int width, height;
	uint8_t *luma; /* own, row by row */
};

/*
 * -EPROTONOSUPPORT: none of these kinds; -EBADMSG: damaged; -EFBIG: more pixels; -ERANGE: too small to
 * carry a mark; -ENOMEM.
 */
int picture_decode(const uint8_t *bytes, size_t size, struct picture *ret_picture);
void picture_done(struct picture *picture); /* for auto_call() */

#endif
