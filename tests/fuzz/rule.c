/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a rule, held against a device: what is parsed has a condition, and matching ends. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "console/store/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rule rule;
	static const struct device_record record = {
		.facts = {[FACT_SERIAL] = "PF3ABC", [FACT_TPM] = "yes"}};
	static const struct store_device device = {.host = "ws-17", .owner = "enterprise"};
	static const struct rule_subject subjects[] = {{&device, "10.1.2.3", &record},
		{&device, "2001:db8::1", &record}, {&device, "?", &record}};
	char *text = malloc(size + 1);
	const char *why = NULL;
	int r;

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	r = rule_parse(text, &rule, &why);
	assert(r == 0 || (r == -EBADMSG && why));
	if (r == 0) {
		assert(rule.count || rule.has_serials);
		assert(rule.count <= RULE_CONDITION_MAX);
		for (unsigned int i = 0; i < rule.count; i++)
			assert(rule.conditions[i].prefix <= 128);
		for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
			(void)rule_matches(&rule, &subjects[i]);
	}
	free(text);
	return 0;
}
