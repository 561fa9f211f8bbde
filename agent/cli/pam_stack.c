/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the files; how a stack is gone through is pam_walk.c's. */
#include "agent/cli/pam_stack.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANY_TYPE       PAM_STACK_TYPE_MAX
#define UNDEFINED      1000000 /* more than any jump */
#define LINE_MAX_BYTES 2048

struct reading {
	pam_stack_read_function *read;
	void *userdata;
	struct pam_stack *stack;
	unsigned int depth;
};

/* Where lines go that a file's lines are read for. */
struct target {
	enum pam_stack_type type; /* ANY_TYPE: all */
	unsigned int level;
};

static const char *const type_names[PAM_STACK_TYPE_MAX] = {
	"auth", "account", "session", "password"};

/* libpam/pam_tokens.h; the order is the codes'. */
static const char *const return_names[_PAM_RETURN_VALUES + 1] = {"success", "open_err",
	"symbol_err", "service_err", "system_err", "buf_err", "perm_denied", "auth_err",
	"cred_insufficient", "authinfo_unavail", "user_unknown", "maxtries", "new_authtok_reqd",
	"acct_expired", "session_err", "cred_unavail", "cred_expired", "cred_err", "no_module_data",
	"conv_err", "authtok_err", "authtok_recover_err", "authtok_lock_busy",
	"authtok_disable_aging", "try_again", "ignore", "abort", "authtok_expired",
	"module_unknown", "bad_item", "conv_again", "incomplete", "default"};
static const char *const action_names[] = {"ignore", "ok", "done", "bad", "die", "reset"};

static int file_read(struct reading *reading, const char *name, struct target target);

const char *pam_stack_type_name(enum pam_stack_type type)
{
	return type < PAM_STACK_TYPE_MAX ? type_names[type] : "any";
}

static void problem(
	struct pam_stack *stack, const char *file, unsigned int number, const char *what)
{
	if (!stack->problem[0])
		(void)snprintf(
			stack->problem, sizeof(stack->problem), "%s:%u: %s", file, number, what);
}

/* As _pam_tokenize(): words between blanks, or what stands in [ ], where \] is a ]. */
static char *word_next(char **rest)
{
	char *word = *rest, *end, *to;

	if (!word)
		return NULL;
	word += strspn(word, " \n\t");
	if (*word == '[') {
		for (to = end = ++word; *end && *end != ']'; to++, end++) {
			if (*end == '\\' && end[1] == ']')
				end++;
			*to = *end;
		}
		if (to != end)
			*to = '\0';
	} else if (*word) {
		end = word + strcspn(word, " \n\t");
	} else {
		*rest = NULL;
		return NULL;
	}
	if (*end)
		*end++ = '\0';
	*rest = *end ? end : NULL;
	return word;
}

static void default_set(int *actions, int action)
{
	for (size_t i = 0; i < _PAM_RETURN_VALUES; i++)
		if (actions[i] == UNDEFINED)
			actions[i] = action;
}

static char *blanks_skip(char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

/* The longest prefix is not looked for: the first name that fits counts, as in libpam. */
static int name_take(char **at, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(names[i]);

		if (strncmp(names[i], *at, size) != 0)
			continue;
		*at += size;
		return (int)i;
	}
	return -ENOENT;
}

static int jump_take(char **at)
{
	long jump;

	if (!isdigit((unsigned char)**at))
		return -EINVAL;
	errno = 0;
	jump = strtol(*at, at, 10);
	return errno || jump <= 0 || jump >= UNDEFINED ? -EINVAL : (int)jump;
}

static int control_parse_one(char **at, int *actions)
{
	int code, action;

	code = name_take(at, return_names, _PAM_RETURN_VALUES + 1);
	if (code < 0)
		return code;
	*at = blanks_skip(*at);
	if (*(*at)++ != '=')
		return -EINVAL;
	*at = blanks_skip(*at);
	action = name_take(at, action_names, sizeof(action_names) / sizeof(action_names[0]));
	if (action >= 0) {
		action = -action;
	} else {
		action = jump_take(at);
		if (action < 0)
			return action;
	}
	if (code < _PAM_RETURN_VALUES)
		actions[code] = action;
	else
		default_set(actions, action);
	return 0;
}

/* What libpam can't parse is bad, whatever the module answers. */
static int control_parse(char *at, int *actions)
{
	int r = 0;

	for (at = blanks_skip(at); *at && r >= 0; at = blanks_skip(at)) {
		r = control_parse_one(&at, actions);
		if (r < 0)
			for (size_t i = 0; i < _PAM_RETURN_VALUES; i++)
				actions[i] = PAM_STACK_BAD;
	}
	default_set(actions, PAM_STACK_BAD);
	return r;
}

/* False when it is none of the four words. */
static bool control_word(const char *word, int *actions)
{
	bool is_required = !strcasecmp(word, "required"),
	     is_requisite = !strcasecmp(word, "requisite");
	bool is_sufficient = !strcasecmp(word, "sufficient");
	int good = is_sufficient ? PAM_STACK_DONE : PAM_STACK_OK;

	if (!is_required && !is_requisite && !is_sufficient && strcasecmp(word, "optional") != 0)
		return false;
	actions[PAM_SUCCESS] = actions[PAM_NEW_AUTHTOK_REQD] = good;
	if (is_required || is_requisite)
		actions[PAM_IGNORE] = PAM_STACK_IGNORE;
	default_set(actions, is_required    ? PAM_STACK_BAD
			     : is_requisite ? PAM_STACK_DIE
					    : PAM_STACK_IGNORE);
	return true;
}

static struct pam_stack_line *line_add(
	struct pam_stack *stack, const char *file, unsigned int number, struct target target)
{
	struct pam_stack_line *lines, *line;

	if (stack->count == PAM_STACK_LINES_MAX)
		return NULL;
	lines = reallocarray(stack->lines, stack->count + 1, sizeof(*lines));
	if (!lines)
		return NULL;
	stack->lines = lines;
	line = &lines[stack->count++];
	memset(line, 0, sizeof(*line));
	line->type = target.type;
	line->level = target.level;
	line->file = file;
	line->number = number;
	for (size_t i = 0; i < _PAM_RETURN_VALUES; i++)
		line->actions[i] = UNDEFINED;
	return line;
}

/* A line without a type is auth's. */
static int must_fail(struct reading *reading, const char *file, unsigned int number,
	struct target target, const char *why)
{
	struct pam_stack_line *line;

	if (target.type == ANY_TYPE)
		target.type = PAM_STACK_AUTH;
	line = line_add(reading->stack, file, number, target);
	if (!line)
		return -E2BIG;
	problem(reading->stack, file, number, why);
	line->kind = PAM_STACK_MUST_FAIL;
	default_set(line->actions, PAM_STACK_BAD);
	(void)snprintf(line->module, sizeof(line->module), "a line that PAM can't read");
	return 0;
}

/* A file in place of the line; what can't be read fails as a line. */
static int include_read(struct reading *reading, const char *name, struct target target,
	const char *file, unsigned int number)
{
	int r;

	if (!name || reading->depth + 1 >= PAM_STACK_DEPTH_MAX)
		return must_fail(reading, file, number, target,
			name ? "includes go too deep" : "an include without a file");
	reading->depth++;
	r = file_read(reading, name, target);
	reading->depth--;
	if (r == -E2BIG || r == -ENOMEM || r == 0)
		return r;
	return must_fail(reading, file, number, target, "includes a file that can't be read");
}

static int type_parse(const char *word)
{
	for (int i = 0; i < PAM_STACK_TYPE_MAX; i++)
		if (!strcasecmp(type_names[i], word))
			return i;
	return -EINVAL;
}

static int module_line(struct reading *reading, const char *file, unsigned int number,
	struct target target, char *control, char *rest)
{
	struct pam_stack_line *line = line_add(reading->stack, file, number, target);
	char *module;

	if (!line)
		return -E2BIG;
	(void)snprintf(line->control, sizeof(line->control), "%s", control);
	if (!control_word(control, line->actions) && control_parse(control, line->actions) < 0)
		problem(reading->stack, file, number,
			"what stands in [ ] is no control: all is bad");
	module = word_next(&rest);
	if (!module || strlen(module) >= sizeof(line->module)) {
		problem(reading->stack, file, number, "no module is named");
		line->kind = PAM_STACK_MUST_FAIL;
		return 0;
	}
	(void)snprintf(line->module, sizeof(line->module), "%s", module);
	(void)snprintf(line->arguments, sizeof(line->arguments), "%s", rest ? rest : "");
	return 0;
}

static int line_parse(struct reading *reading, const char *file, unsigned int number, char *text,
	struct target target)
{
	char *rest = text, *word = word_next(&rest), *control, *name;
	bool is_substack;
	int type;

	if (!word)
		return 0;
	if (!strcasecmp(word, "@include")) /* Debian's: for every type */
		return include_read(reading, word_next(&rest), target, file, number);
	type = type_parse(word + (*word == '-'));
	if (type < 0)
		return must_fail(reading, file, number, target, "unknown type");
	if (target.type != ANY_TYPE && (int)target.type != type)
		return 0;
	target.type = (enum pam_stack_type)type;
	control = word_next(&rest);
	if (!control)
		return must_fail(reading, file, number, target, "no control");
	is_substack = !strcasecmp(control, "substack");
	if (!is_substack && strcasecmp(control, "include") != 0)
		return module_line(reading, file, number, target, control, rest);
	name = word_next(&rest);
	if (is_substack) {
		struct pam_stack_line *line = line_add(reading->stack, file, number, target);

		if (!line)
			return -E2BIG;
		line->kind = PAM_STACK_SUBSTACK;
		(void)snprintf(line->module, sizeof(line->module), "%s", name ? name : "");
		target.level++;
	}
	return include_read(reading, name, target, file, number);
}

/* One line with those that a \ at its end adds, without comment. Moves *at. False at the end. */
static bool line_assemble(const char **at, const char *end, unsigned int *number,
	char ret_text[LINE_MAX_BYTES], unsigned int *ret_number)
{
	size_t used = 0;
	bool goes_on = true;

	if (*at >= end)
		return false;
	*ret_number = *number;
	while (goes_on && *at < end) {
		const char *stop = memchr(*at, '\n', (size_t)(end - *at));
		size_t size = (size_t)((stop ? stop : end) - *at);
		const char *comment = memchr(*at, '#', size);
		size_t length = comment ? (size_t)(comment - *at) : size;

		goes_on = !comment && length && (*at)[length - 1] == '\\';
		if (goes_on)
			length--;
		for (size_t i = 0; i < length && used < LINE_MAX_BYTES - 2; i++)
			ret_text[used++] = (*at)[i] ? (*at)[i] : ' ';
		if (goes_on)
			ret_text[used++] = ' ';
		if (used > LINE_MAX_BYTES - 2)
			used = LINE_MAX_BYTES - 2;
		*at += size + (stop ? 1 : 0);
		(*number)++;
	}
	ret_text[used] = '\0';
	return true;
}

static int file_read(struct reading *reading, const char *name, struct target target)
{
	struct pam_stack *stack = reading->stack;
	auto_free char *text = NULL;
	char line[LINE_MAX_BYTES];
	unsigned int number = 1, first;
	const char *at, *file;
	size_t size = 0;
	int r;

	r = reading->read(name, &text, &size, reading->userdata);
	if (r < 0)
		return r;
	if (stack->file_count == PAM_STACK_FILES_MAX)
		return -E2BIG;
	stack->files[stack->file_count] = strdup(name);
	if (!stack->files[stack->file_count])
		return -ENOMEM;
	file = stack->files[stack->file_count++];
	at = text;
	while (line_assemble(&at, text + size, &number, line, &first)) {
		r = line_parse(reading, file, first, line, target);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool has_type(const struct pam_stack *stack, enum pam_stack_type type)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->lines[i].type == type)
			return true;
	return false;
}

int pam_stack_read(pam_stack_read_function *read, void *userdata, const char *service,
	struct pam_stack **ret_stack)
{
	auto_call(pam_stack_freep) struct pam_stack *stack = calloc(1, sizeof(*stack));
	struct reading reading = {.read = read, .userdata = userdata, .stack = stack};
	int r, other = 0;

	if (!stack)
		return -ENOMEM;
	r = file_read(&reading, service, (struct target){ANY_TYPE, 0});
	if (r < 0 && r != -ENOENT)
		return r;
	for (unsigned int type = 0; type < PAM_STACK_TYPE_MAX; type++) {
		const struct target target = {(enum pam_stack_type)type, 0};

		if (has_type(stack, target.type))
			continue;
		other = file_read(&reading, "other", target);
		if (other < 0 && other != -ENOENT)
			return other;
	}
	if (r < 0 && other < 0)
		return -ENOENT;
	*ret_stack = take_ptr(stack);
	return 0;
}

void pam_stack_free(struct pam_stack *stack)
{
	if (!stack)
		return;
	for (size_t i = 0; i < stack->file_count; i++)
		free(stack->files[i]);
	free(stack->lines);
	free(stack);
}
