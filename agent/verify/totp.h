/* SPDX-License-Identifier: Apache-2.0 */
/* Time-based one-time passwords, RFC 6238, over HMAC-SHA-1 as authenticators have it. Pure. */
#ifndef HOLDFAST_AGENT_VERIFY_TOTP_H
#define HOLDFAST_AGENT_VERIFY_TOTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOTP_KEY_SIZE	  20 /* RFC 4226, 4: R6 */
#define TOTP_DIGITS	  6
#define TOTP_STEP_S	  30
#define TOTP_DRIFT	  1  /* steps before and after; RFC 6238, 5.2 */
#define TOTP_TEXT_SIZE	  33 /* of the key in base32, NUL counted */
#define TOTP_ADDRESS_SIZE 512

/* The code of a step, of digits 6 to 8. 0 or -EIO. */
int totp_code(const uint8_t *key, size_t key_size, uint64_t step, unsigned int digits,
	uint32_t *ret_code);
/*
 * Whether text is the code of now or a neighbouring step, later than *last_step, which becomes that
 * step: none is taken twice. day_s: seconds since 1970.
 */
bool totp_check(
	const uint8_t key[TOTP_KEY_SIZE], const char *text, uint64_t day_s, uint64_t *last_step);
/* Base32 without padding, RFC 4648. */
void totp_key_text(const uint8_t key[TOTP_KEY_SIZE], char ret_text[TOTP_TEXT_SIZE]);
/*
 * What authenticators read: otpauth://totp/Holdfast:ACCOUNT@HOST?secret=... False when a name is too
 * long.
 */
bool totp_address(const uint8_t key[TOTP_KEY_SIZE], const char *account, const char *host,
	char ret_address[TOTP_ADDRESS_SIZE]);

#endif
