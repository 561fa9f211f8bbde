/* SPDX-License-Identifier: Apache-2.0 */
/* Values of [browser]. */
#include "common/browser.h"
#include "policy/values.h"
#include "policy/words.h"

static void browser_add(struct build *build, void *field, char *word)
{
	uint8_t *browsers = field;
	const char *words[BROWSER_MAX];
	int browser = browser_parse(word);

	if (browser >= 0) {
		*browsers |= (uint8_t)(1U << browser);
		return;
	}
	for (unsigned int i = 0; i < BROWSER_MAX; i++)
		words[i] = browser_file(i)->name;
	build_problem(build, policy_word_nearest(word, words, BROWSER_MAX),
		"unknown browser '%.40s': expected chromium, chrome or firefox", word);
}

void value_browsers(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, browser_add);
}

static void domain_add(struct build *build, void *field, char *word)
{
	if (value_is_domain(build, word))
		value_list_add(build, field, word);
}

void value_domains(struct build *build, void *field, const char *value)
{
	value_each_word(build, field, value, domain_add);
}
