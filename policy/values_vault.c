/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes: whole numbers of a binary unit. */
#include <string.h>

#include "policy/values.h"

#define SIZE_MIN_BYTES (UINT64_C(64) << 20)
#define SIZE_MAX_BYTES (UINT64_C(64) << 40)

void value_size(struct build *build, void *field, const char *value)
{
	static const char units[] = "MGT";
	size_t digits = strspn(value, "0123456789");
	const char *unit = value[digits] ? strchr(units, value[digits]) : NULL;
	uint64_t *where = field, size = 0;

	for (size_t i = 0; i < digits && digits <= 9; i++)
		size = size * 10 + (uint64_t)(value[i] - '0');
	if (unit && !value[digits + 1])
		size <<= 20 + 10 * (unit - units);
	else
		size = 0;
	if (size < SIZE_MIN_BYTES || size > SIZE_MAX_BYTES) {
		build_problem(build, "20G",
			"%s '%.40s': expected a whole number with M, G or T, from 64M to 64T",
			build->key->name, value);
		return;
	}
	*where = size;
}
