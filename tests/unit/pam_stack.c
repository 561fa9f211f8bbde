/* SPDX-License-Identifier: Apache-2.0 */
/* pam-check's idea of PAM: against libpam itself, over random stacks, and on stacks that lock out. */
#include <criterion/criterion.h>
#include <errno.h>
#include <security/pam_appl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/cli/pam_stack.h"

#define STACKS	   1500
#define STACK_SIZE 8192

struct file {
	const char *name;
	const char *text;
};

static int memory_read(const char *name, char **ret_text, size_t *ret_size, void *userdata)
{
	for (const struct file *file = userdata; file->name; file++)
		if (!strcmp(file->name, name)) {
			*ret_text = strdup(file->text);
			*ret_size = strlen(file->text);
			cr_assert(*ret_text);
			return 0;
		}
	return -ENOENT;
}

static const char *const words[_PAM_RETURN_VALUES + 1] = {"success", "open_err", "symbol_err",
	"service_err", "system_err", "buf_err", "perm_denied", "auth_err", "cred_insufficient",
	"authinfo_unavail", "user_unknown", "maxtries", "new_authtok_reqd", "acct_expired",
	"session_err", "cred_unavail", "cred_expired", "cred_err", "no_module_data", "conv_err",
	"authtok_err", "authtok_recover_err", "authtok_lock_busy", "authtok_disable_aging",
	"try_again", "ignore", "abort", "authtok_expired", "module_unknown", "bad_item",
	"conv_again", "incomplete", "default"};

/* pam_debug.so answers what its argument says. */
static int debug_answer(const struct pam_stack_line *line, void *userdata)
{
	const char *word = strstr(line->arguments, "acct=");

	(void)userdata; /* none */
	cr_assert_not_null(word, "%s:%u '%s'", line->file, line->number, line->arguments);
	for (int code = 0; code < _PAM_RETURN_VALUES; code++)
		if (!strcmp(words[code], word + 5))
			return code;
	cr_assert_fail("'%s'", word);
	return PAM_ABORT;
}

static unsigned int pick(unsigned int *seed, unsigned int count)
{
	return (unsigned int)rand_r(seed) % count;
}

static size_t put_control(char *at, size_t size, unsigned int *seed)
{
	static const char *const plain[] = {"required", "requisite", "sufficient", "optional"};
	static const char *const actions[] = {
		"ignore", "ok", "done", "bad", "die", "reset", "1", "2", "3"};
	static const char *const codes[] = {"success", "perm_denied", "ignore", "new_authtok_reqd",
		"acct_expired", "user_unknown", "default"};
	size_t used = 0;

	if (pick(seed, 2))
		return (size_t)snprintf(at, size, "%s", plain[pick(seed, 4)]);
	used += (size_t)snprintf(at + used, size - used, "[");
	for (unsigned int i = pick(seed, 4) + 1; i > 0; i--)
		used += (size_t)snprintf(at + used, size - used, "%s=%s ", codes[pick(seed, 7)],
			actions[pick(seed, 9)]);
	return used + (size_t)snprintf(at + used, size - used, "]");
}

/* directory: of the parts, which libpam looks for elsewhere but when their path is whole; NULL: none. */
static void make_stack(char text[STACK_SIZE], unsigned int *seed, const char *directory)
{
	static const char *const answers[] = {"success", "success", "success", "perm_denied",
		"ignore", "new_authtok_reqd", "acct_expired", "user_unknown"};
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = pick(seed, 7) + 1; i > 0; i--) {
		unsigned int kind = directory ? pick(seed, 8) : 7;

		if (kind < 2) {
			used += (size_t)snprintf(text + used, STACK_SIZE - used,
				"account %s %s/part%u\n", kind ? "include" : "substack", directory,
				pick(seed, 2));
			continue;
		}
		used += (size_t)snprintf(text + used, STACK_SIZE - used, "account ");
		used += put_control(text + used, STACK_SIZE - used, seed);
		used += (size_t)snprintf(text + used, STACK_SIZE - used, " pam_debug.so acct=%s\n",
			answers[pick(seed, 8)]);
	}
}

static void file_put(const char *directory, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", *name == '/' ? "" : directory, name);
	file = fopen(path, "w");
	cr_assert(file);
	cr_assert(fputs(text, file) >= 0);
	cr_assert_eq(fclose(file), 0);
}

static int say_nothing(int count, const struct pam_message **messages,
	struct pam_response **ret_responses, void *userdata)
{
	(void)messages, (void)userdata; /* pam_debug talks */
	*ret_responses = calloc((size_t)count, sizeof(**ret_responses));
	return *ret_responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int libpam_says(const char *directory)
{
	const struct pam_conv conversation = {say_nothing, NULL};
	pam_handle_t *pamh;
	int r;

	cr_assert_eq(
		pam_start_confdir("login", "root", &conversation, directory, &pamh), PAM_SUCCESS);
	r = pam_acct_mgmt(pamh, PAM_SILENT);
	(void)pam_end(pamh, r); /* over */
	return r;
}

Test(pam_stack, as_libpam_itself, .timeout = 120)
{
	static char texts[4][STACK_SIZE];
	static struct pam_stack_walk walk;
	char directory[] = "/tmp/holdfast-pam-XXXXXX", command[64], parts[2][64];
	unsigned int seed = 4711, agreed_yes = 0;

	cr_assert(mkdtemp(directory));
	for (unsigned int i = 0; i < 2; i++)
		(void)snprintf(parts[i], sizeof(parts[i]), "%s/part%u", directory, i);
	for (unsigned int i = 0; i < STACKS; i++) {
		struct file files[] = {{"login", texts[0]}, {parts[0], texts[1]},
			{parts[1], texts[2]},
			{"other", "auth required pam_deny.so\naccount required pam_deny.so\n"},
			{0}};
		struct pam_stack *stack;
		int real;

		make_stack(texts[0], &seed, directory);
		make_stack(texts[1], &seed, NULL);
		make_stack(texts[2], &seed, NULL);
		for (size_t j = 0; files[j].name; j++)
			file_put(directory, files[j].name, files[j].text);
		real = libpam_says(directory);
		cr_assert_eq(pam_stack_read(memory_read, files, "login", &stack), 0);
		pam_stack_walk(stack, PAM_STACK_ACCOUNT, debug_answer, NULL, &walk);
		cr_assert_eq(walk.result, real,
			"stack %u: libpam %s, we %s:\n%s--part0\n%s--part1\n%s", i, words[real],
			words[walk.result], texts[0], texts[1], texts[2]);
		agreed_yes += real == PAM_SUCCESS;
		pam_stack_free(stack);
	}
	/* Both ways, or it would show nothing. */
	cr_expect_gt(agreed_yes, STACKS / 10, "%u", agreed_yes);
	cr_expect_lt(agreed_yes, STACKS * 9 / 10, "%u", agreed_yes);
	(void)snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
}

static int yes(const struct pam_stack_line *line, void *userdata)
{
	const char *refusing = userdata;

	if (!strcmp(line->module, "pam_deny.so"))
		return PAM_AUTH_ERR;
	return refusing && !strcmp(line->module, refusing) ? PAM_PERM_DENIED : PAM_SUCCESS;
}

static int result_of(const char *text, const char *refusing)
{
	static struct pam_stack_walk walk;
	struct file files[] = {{"login", text}, {0}};
	struct pam_stack *stack;

	cr_assert_eq(pam_stack_read(memory_read, files, "login", &stack), 0);
	pam_stack_walk(stack, PAM_STACK_ACCOUNT, yes, (void *)(uintptr_t)refusing, &walk);
	pam_stack_free(stack);
	return walk.result;
}

Test(pam_stack, what_locks_out_and_what_does_not)
{
	/* A line put where a jump counted lines before. */
	cr_expect_eq(result_of("account [success=1 default=ignore] pam_unix.so\n"
			       "account requisite pam_deny.so\naccount required pam_permit.so\n",
			     NULL),
		PAM_SUCCESS);
	cr_expect_neq(result_of("account [success=1 default=ignore] pam_unix.so\n"
				"account required pam_holdfast.so\n"
				"account requisite pam_deny.so\naccount required pam_permit.so\n",
			      NULL),
		PAM_SUCCESS);
	/* One jump too far. */
	cr_expect_neq(result_of("account [success=3 default=ignore] pam_unix.so\n"
				"account requisite pam_deny.so\naccount required pam_permit.so\n",
			      NULL),
		PAM_SUCCESS);
	/* Whose word does not count. */
	cr_expect_eq(result_of("account sufficient pam_localuser.so\naccount required "
			       "pam_holdfast.so\n",
			     "pam_holdfast.so"),
		PAM_SUCCESS);
	cr_expect_neq(result_of("account required pam_holdfast.so\naccount sufficient "
				"pam_localuser.so\n",
			      "pam_holdfast.so"),
		PAM_SUCCESS);
	/* Nothing said is nothing allowed. */
	cr_expect_neq(result_of("auth required pam_permit.so\n", NULL), PAM_SUCCESS);
}

Test(pam_stack, lines_as_they_are_written)
{
	struct file files[] = {
		{"login", "# comment\n\n-account\t[ success = 1  default=ignore ] \\\n"
			  "  /lib/security/pam_x.so  a [b \\] c] # behind\n"
			  "@include part\naccount\n"},
		{"part", "auth required pam_permit.so\naccount required pam_y.so"}, {0}};
	struct pam_stack *stack;

	cr_assert_eq(pam_stack_read(memory_read, files, "login", &stack), 0);
	cr_assert_eq(stack->count, 4);
	cr_expect_eq(stack->lines[0].number, 3);
	cr_expect_eq(stack->lines[0].actions[PAM_SUCCESS], 1);
	cr_expect_eq(stack->lines[0].actions[PAM_AUTH_ERR], PAM_STACK_IGNORE);
	cr_expect_str_eq(stack->lines[0].module, "/lib/security/pam_x.so");
	cr_expect_eq(stack->lines[1].type, PAM_STACK_AUTH);
	cr_expect_str_eq(stack->lines[2].file, "part");
	cr_expect_eq(stack->lines[3].kind, PAM_STACK_MUST_FAIL);
	cr_expect(strstr(stack->problem, "login:6: no control"), "%s", stack->problem);
	pam_stack_free(stack);
}

Test(pam_stack, a_service_without_lines_is_other)
{
	struct file files[] = {{"login", "auth required pam_permit.so\n"},
		{"other", "auth required pam_deny.so\naccount required pam_x.so\n"}, {0}};
	struct file none[] = {{0}}, loop[] = {{"login", "account include login\n"}, {0}};
	struct pam_stack *stack;

	cr_assert_eq(pam_stack_read(memory_read, files, "login", &stack), 0);
	cr_assert_eq(stack->count, 2);
	cr_expect_str_eq(stack->lines[1].module, "pam_x.so");
	pam_stack_free(stack);
	cr_assert_eq(pam_stack_read(memory_read, files, "nobody", &stack), 0);
	cr_expect_eq(stack->count, 2);
	pam_stack_free(stack);
	cr_expect_eq(pam_stack_read(memory_read, none, "login", &stack), -ENOENT);
	cr_assert_eq(pam_stack_read(memory_read, loop, "login", &stack), 0);
	cr_expect(strstr(stack->problem, "too deep"), "%s", stack->problem);
	pam_stack_free(stack);
}
