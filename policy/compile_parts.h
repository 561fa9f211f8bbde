/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the compiler: a compilation under way, and its parts.
 */
#ifndef HOLDFAST_POLICY_COMPILE_PARTS_H
#define HOLDFAST_POLICY_COMPILE_PARTS_H

#include "policy/compile.h"
#include "policy/rules.h"

struct compile {
	const struct policy *policy;
	const struct policy_compiler *compiler;
	struct policy_problems *problems;
	struct policy_compiled *compiled;
	struct rule_table table;
	uint64_t bit[POLICY_LABEL_MAX];	       /* of each label of the policy, as a mask */
	unsigned int number[POLICY_LABEL_MAX]; /* the same as a position */
};

/* Room for one more item in *array_of_items, zeroed; NULL without memory. */
void *compile_grow(void *array_of_items, size_t *count, size_t item_size);

/* strdup() that passes NULL on. 0 or -ENOMEM. */
int compile_copy(const char *text, char **ret_copy);
/* The same place, in the copy's own file names. */
struct policy_place compile_place(const struct compile *compile, struct policy_place place);

/* Each 0 or -ENOMEM; what does not fit is a problem. */
int compile_masks(struct compile *compile);
int compile_tables(struct compile *compile);
int compile_exempts(struct compile *compile);
int compile_vaults(struct compile *compile);
int compile_dests(struct compile *compile);
int compile_zones(struct compile *compile);
int compile_grants(struct compile *compile);
int compile_login(struct compile *compile);
int compile_browser(struct compile *compile);
int compile_screen(struct compile *compile);
int compile_watermark(struct compile *compile);

void compile_login_free(struct policy_login_rules *login);
void compile_browser_free(struct policy_browser_rules *browser);
int compile_verify(struct compile *compile);

/*
 * User ids of an item of except-user; the caller frees *ret_uids. 0, also with a problem and none;
 * -ENOMEM.
 */
int compile_users_of(struct compile *compile, const struct policy_item *item, uint32_t **ret_uids,
	size_t *ret_count);

#endif
