/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6238's own vectors, the window, replays, and what authenticators are given. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "agent/verify/totp.h"

static const uint8_t key[TOTP_KEY_SIZE] = "12345678901234567890";

/* RFC 6238, appendix B, SHA1. */
Test(verify_totp, vectors_of_the_rfc)
{
	static const struct {
		uint64_t time;
		uint32_t code;
	} vectors[] = {{59, 94287082}, {1111111109, 7081804}, {1111111111, 14050471},
		{1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130}};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint32_t code = 0;

		cr_assert_eq(
			totp_code(key, sizeof(key), vectors[i].time / TOTP_STEP_S, 8, &code), 0);
		cr_expect_eq(code, vectors[i].code, "%lu", vectors[i].time);
	}
}

/* RFC 4226, appendix D: counters 0 to 9. */
Test(verify_totp, vectors_of_the_counter)
{
	static const uint32_t codes[] = {
		755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489};

	for (uint64_t step = 0; step < sizeof(codes) / sizeof(codes[0]); step++) {
		uint32_t code = 0;

		cr_assert_eq(totp_code(key, sizeof(key), step, 6, &code), 0);
		cr_expect_eq(code, codes[step], "%lu", step);
	}
}

static void text_of(uint64_t step, char ret_text[TOTP_DIGITS + 1])
{
	uint32_t code = 0;

	cr_assert_eq(totp_code(key, sizeof(key), step, TOTP_DIGITS, &code), 0);
	(void)snprintf(ret_text, TOTP_DIGITS + 1, "%06u", code % 1000000);
}

Test(verify_totp, one_step_before_and_after)
{
	const uint64_t now = 1700000000, step = now / TOTP_STEP_S;
	char text[TOTP_DIGITS + 1];

	for (int drift = -3; drift <= 3; drift++) {
		uint64_t last = 0;

		text_of(step + (uint64_t)drift, text);
		cr_expect_eq(
			totp_check(key, text, now, &last), drift >= -1 && drift <= 1, "%d", drift);
		cr_expect_eq(last, drift >= -1 && drift <= 1 ? step + (uint64_t)drift : 0);
	}
}

Test(verify_totp, none_is_taken_twice)
{
	const uint64_t now = 1700000000, step = now / TOTP_STEP_S;
	char text[TOTP_DIGITS + 1];
	uint64_t last = 0;

	text_of(step, text);
	cr_expect(totp_check(key, text, now, &last));
	cr_expect_not(totp_check(key, text, now, &last), "the same");
	cr_expect_not(totp_check(key, text, now + TOTP_STEP_S, &last), "the same, a step later");
	text_of(step - 1, text);
	cr_expect_not(totp_check(key, text, now, &last), "an older one");
	text_of(step + 1, text);
	cr_expect(totp_check(key, text, now, &last), "control: the next");
}

Test(verify_totp, what_is_no_code)
{
	static const char *const texts[] = {"", "12345", "1234567", "12345a", " 12345", "-12345",
		"+12345", "123456\n", "000000000000000000000000"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t last = 0;

		cr_expect_not(totp_check(key, texts[i], 1700000000, &last), "%s", texts[i]);
	}
}

Test(verify_totp, what_authenticators_read)
{
	char text[TOTP_TEXT_SIZE], address[TOTP_ADDRESS_SIZE], longest[256];

	totp_key_text(key, text);
	cr_expect_str_eq(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	cr_assert(totp_address(key, "al&ice", "pc 17", address));
	cr_expect_str_eq(address,
		"otpauth://totp/Holdfast:al%26ice%40pc%2017?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		"&issuer=Holdfast&algorithm=SHA1&digits=6&period=30");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	cr_expect_not(totp_address(key, longest, "pc", address));
}
