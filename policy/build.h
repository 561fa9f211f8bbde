/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the parser: a policy under construction, what parse.c, sections.c, values.c and the
 * checks hand each other. Nothing outside policy/ includes this.
 */
#ifndef HOLDFAST_POLICY_BUILD_H
#define HOLDFAST_POLICY_BUILD_H

#include "policy/policy.h"

#define POLICY_INDEX_NONE (SIZE_MAX - 1) /* a reference not resolved */
#define BUILD_KEY_MAX	  16		 /* keys of one kind of section */

enum section_kind {
	SECTION_NONE = 0, /* before the first heading, or below one that is wrong */
	SECTION_POLICY,
	SECTION_PROTECTION,
	SECTION_TRUST,
	SECTION_LOGIN,
	SECTION_BROWSER,
	SECTION_SCREEN,
	SECTION_WATERMARK,
	SECTION_VERIFY, /* the last of those without a name */
	SECTION_TENANT,
	SECTION_LABEL,
	SECTION_APP,
	SECTION_NETWORK,
	SECTION_DEVICE,
	SECTION_RULE,
	SECTION_DECLASSIFY,
	SECTION_CACHE,
	SECTION_AUDIENCE,
	SECTION_ZONE,
	SECTION_SERVICE,
	SECTION_VAULT,
	SECTION_MAX,
};

struct include {
	char *pattern;
	struct policy_place place;
};

struct build {
	const struct policy_source *source;
	struct policy_problems *problems;
	struct policy *policy;
	int r; /* -ENOMEM as soon as anything could not be kept */

	/* the file being read */
	struct policy_place place; /* the line being read */
	struct include *includes;
	size_t include_count;
	struct policy_place policy_place; /* its [policy]; line 0 = none so far */

	/* the section being read */
	enum section_kind section;
	size_t index;		       /* in the policy's array of that kind */
	const struct section_key *key; /* last read; an indented line adds to it. NULL: to none */
	unsigned int lines[BUILD_KEY_MAX]; /* where each key was first read; 0 = not yet */
	size_t problems_before;		   /* how many there were at its heading */

	/* sections with a problem of their own: each has one of those that are kept */
	struct {
		enum section_kind kind;
		size_t index; /* POLICY_INDEX_NONE: its heading is wrong */
	} broken[POLICY_PROBLEM_MAX];
	size_t broken_count;
};

/* A key of a section. set stores a value, or adds it where KEY_REPEATS or KEY_LONG allow more. */
struct section_key {
	const char *name;
	void (*set)(struct build *build, void *field, const char *value);
	size_t offset;	    /* of field in the section's struct */
	unsigned int flags; /* KEY_* */
};

#define KEY_REPEATS  0x1u /* may stand more than once, and over several lines */
#define KEY_LONG     0x2u /* text: may go on in indented lines */
#define KEY_REQUIRED 0x4u

/* policy_problems_add at the line being read. */
#define build_problem(build, ...) \
	policy_problems_add((build)->problems, &(build)->place, __VA_ARGS__)

/* Array with room for one more, zeroed; NULL after noting -ENOMEM. */
void *build_grow(struct build *build, void *array_of_items, size_t *count, size_t item_size);

/* sections.c: what policy_lines_read() calls. */
void section_begin(void *userdata, const char *kind, const char *name, unsigned int line);
void section_lost(void *userdata);
void section_value(void *userdata, const char *key, const char *value, unsigned int line);
/* Keys the section had to have. */
void section_end(struct build *build);

/*
 * Whether something in that section is wrong already, or, with POLICY_INDEX_ALL, in any of its kind; with
 * POLICY_INDEX_NONE, in a heading of that kind. What is missing there, or seems to be of no use, may be
 * what was wrong: no check says it a second time.
 */
bool build_is_broken(const struct build *build, enum section_kind kind, size_t index);

/* check.c and its neighbours: what only the whole shows. */
void check_references(struct build *build);
void check_rules(struct build *build);
void check_exempt(struct build *build);
void check_vaults(struct build *build);
void check_login(struct build *build);
void check_browser(struct build *build);
void check_verify(struct build *build);
void check_screen(struct build *build);
void check_watermark(struct build *build);

#endif
