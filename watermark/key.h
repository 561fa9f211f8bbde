/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of marks. The console has a tenant's secret, and of it the key of each epoch, which reads
 * every mark. A device is given pens: each writes as one subject only. Who takes a pen can write as
 * that subject, and where to look for marks he knows as well; as another subject he cannot write.
 */
#ifndef HOLDFAST_WATERMARK_KEY_H
#define HOLDFAST_WATERMARK_KEY_H

#include <stdint.h>

#define WATERMARK_KEY_SIZE    32 /* bytes */
#define WATERMARK_SUBJECT_MAX 0xfffffffu
#define WATERMARK_EPOCHS      32 /* that marks tell apart */

/* Wipe with watermark_key_wipe(). */
struct watermark_key {
	uint8_t lattice[WATERMARK_KEY_SIZE];  /* carrier.h */
	uint8_t cipher[WATERMARK_KEY_SIZE];   /* of frames */
	uint8_t subjects[WATERMARK_KEY_SIZE]; /* from which those of subjects are made */
	uint8_t epoch;			      /* modulo WATERMARK_EPOCHS */
};

/* Wipe with watermark_pen_wipe(). */
struct watermark_pen {
	uint8_t lattice[WATERMARK_KEY_SIZE], cipher[WATERMARK_KEY_SIZE];
	uint8_t own[WATERMARK_KEY_SIZE]; /* the subject's */
	uint32_t subject;		 /* the console's number of a person on a device */
	uint8_t epoch;
};

/* HKDF-SHA256. -EIO: OpenSSL has none. */
int watermark_key_derive(const uint8_t tenant_secret[WATERMARK_KEY_SIZE], uint32_t epoch,
	struct watermark_key *ret_key);
void watermark_key_wipe(struct watermark_key *key);

/* -EIO as above; -ERANGE: no such subject. */
int watermark_pen_derive(
	const struct watermark_key *key, uint32_t subject, struct watermark_pen *ret_pen);
void watermark_pen_wipe(struct watermark_pen *pen);

#endif
