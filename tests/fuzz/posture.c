/* SPDX-License-Identifier: Apache-2.0 */
/* A requirement as text: what is taken comes back the same, and is met by nothing that is not known. */
#include "common/posture.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *nothing(const char *name, void *userdata)
{
	(void)name;
	(void)userdata;
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[2 * POSTURE_TEXT_MAX], once[POSTURE_TEXT_MAX], twice[POSTURE_TEXT_MAX];
	char said[POSTURE_WORD_MAX];
	struct posture posture, same;
	uint32_t unmet;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (posture_parse(text, &posture) < 0)
		return 0;
	posture_format(&posture, once);
	if (posture_parse(once, &same) < 0 || memcmp(&posture, &same, sizeof(same)) != 0)
		abort();
	posture_format(&same, twice);
	unmet = posture_unmet(&posture, nothing, NULL);
	if (strcmp(once, twice) != 0 || !unmet != posture_is_empty(&posture))
		abort();
	for (unsigned int i = 0; i < POSTURE_MAX; i++)
		if (unmet & UINT32_C(1) << i)
			posture_say(&posture, i, nothing, NULL, said);
	return 0;
}
