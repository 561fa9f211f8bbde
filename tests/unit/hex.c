/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "common/hex.h"

Test(hex, what_is_written_is_read)
{
	uint8_t all[256], back[256];
	char text[513];

	for (unsigned int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	hex_write(all, sizeof(all), text);
	cr_expect_eq(strlen(text), 512);
	cr_expect_eq(strncmp(text, "000102", 6), 0);
	cr_expect_str_eq(text + 506, "fdfeff");
	cr_assert(hex_read(text, back, sizeof(back)));
	cr_expect_arr_eq(back, all, sizeof(all));
}

Test(hex, nothing_is_nothing)
{
	char text[] = "?";

	hex_write("", 0, text);
	cr_expect_str_eq(text, "");
	cr_expect(hex_read("", NULL, 0));
}

Test(hex, what_is_none_is_not_read)
{
	static const char *const bad[] = {
		"", "0", "01f", "01F0", "01 0", "0x10", "01f0 ", "01f01", "01g0"};
	uint8_t bytes[2] = {7, 7};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(!hex_read(bad[i], bytes, sizeof(bytes)), "%s", bad[i]);
	cr_expect_eq(bytes[0], 7, "nothing is written");
	cr_assert(hex_read("01f0", bytes, sizeof(bytes)), "control");
	cr_expect_eq(bytes[1], 0xf0);
}
