/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast pam-check: what PAM's stacks come to with pam_holdfast.so in them, before anybody has to log
 * in by them. Runs no module and changes nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "agent/cli/pam_stack.h"
#include "common/file.h"

#define DIRECTORY     "/etc/pam.d"
#define FILE_SIZE_MAX 65536
#define MODULE_NAME   "pam_holdfast.so"
#define SERVICES_MAX  256

static const char usage[] =
	"usage: holdfast pam-check [--directory DIR] [--modules DIR] [SERVICE]\n"
	"Goes through PAM's stacks as PAM would, without running a module, and says whether root "
	"could\n"
	"still log in on the console (service login, or SERVICE), in which order modules have "
	"their\n"
	"say, and whether the word of pam_holdfast.so counts where it is asked.\n"
	"  --directory DIR  (" DIRECTORY ")\n"
	"  --modules DIR    where modules are (" HOLDFAST_PAM_DIRECTORY ")\n"
	"Exit status 0 when the stacks are good, 1 when not.\n";

struct places {
	const char *directory;
	const char *modules;
};

/* Who is at the door. */
enum person { PERSON_ROOT, PERSON_REFUSED };

struct case_of {
	const struct places *places;
	enum person person;
	bool is_without_us; /* as if no line named our module */
	bool is_by_person;  /* the program is run by a person, not by root: su, sudo */
};

static int file_get(const char *name, char **ret_text, size_t *ret_size, void *userdata)
{
	const struct places *places = userdata;
	auto_close int fd = -EBADF;
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s%s%s", *name == '/' ? "" : places->directory,
		    *name == '/' ? "" : "/", name) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	return file_read_all(fd, FILE_SIZE_MAX, ret_text, ret_size);
}

static bool is_named(const struct pam_stack_line *line, const char *name)
{
	const char *slash = strrchr(line->module, '/');

	return !strcmp(slash ? slash + 1 : line->module, name);
}

static bool is_there(const struct places *places, const char *module)
{
	char path[4096];

	if (*module == '/')
		return access(module, R_OK) == 0;
	(void)snprintf(path, sizeof(path), "%s/%s", places->modules, module);
	return access(path, R_OK) == 0;
}

/*
 * With the right password, on a machine where nothing else is wrong. What is not known here is
 * expected to let root in: who installed it knows it, and it is named.
 */
static int answer(const struct pam_stack_line *line, void *userdata)
{
	static const char *const directories[] = {
		"pam_sss.so", "pam_ldap.so", "pam_winbind.so", "pam_krb5.so", "pam_ldapd.so"};
	const struct case_of *asked = userdata;

	if (is_named(line, MODULE_NAME) && asked->is_without_us)
		return PAM_STACK_LEAVE_OUT;
	if (!is_there(asked->places, line->module))
		return PAM_MODULE_UNKNOWN;
	if (is_named(line, MODULE_NAME)) {
		if (asked->person == PERSON_REFUSED)
			return PAM_PERM_DENIED;
		return line->type == PAM_STACK_AUTH ? PAM_IGNORE : PAM_SUCCESS;
	}
	if (is_named(line, "pam_deny.so"))
		return line->type == PAM_STACK_ACCOUNT ? PAM_ACCT_EXPIRED : PAM_AUTH_ERR;
	if (is_named(line, "pam_rootok.so") && asked->is_by_person)
		return PAM_AUTH_ERR;
	if (is_named(line, "pam_faildelay.so"))
		return PAM_IGNORE;
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		if (is_named(line, directories[i]))
			return PAM_USER_UNKNOWN; /* root is in no directory */
	return PAM_SUCCESS;
}

static const char *answer_word(int code)
{
	switch (code) {
	case PAM_SUCCESS:
		return "yes";
	case PAM_IGNORE:
		return "nothing";
	case PAM_USER_UNKNOWN:
		return "does not know root";
	case PAM_MODULE_UNKNOWN:
		return "is not installed";
	default:
		return "no";
	}
}

static bool has_module(const struct pam_stack *stack, enum pam_stack_type type)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->lines[i].type == type && is_named(&stack->lines[i], MODULE_NAME))
			return true;
	return false;
}

/* Whether a service asks our module at all. */
static bool is_concerned(const struct pam_stack *stack)
{
	return has_module(stack, PAM_STACK_AUTH) || has_module(stack, PAM_STACK_ACCOUNT) ||
	       has_module(stack, PAM_STACK_SESSION);
}

static int walk(const struct pam_stack *stack, enum pam_stack_type type, struct case_of asked,
	struct pam_stack_walk *ret_walk)
{
	pam_stack_walk(stack, type, answer, &asked, ret_walk);
	return ret_walk->result;
}

static void print_place(const struct places *places, const struct pam_stack_line *line)
{
	print_styled(PRINT_DIM, "  %s%s%s:%u", *line->file == '/' ? "" : places->directory,
		*line->file == '/' ? "" : "/", line->file, line->number);
}

static void print_steps(const struct places *places, const struct pam_stack_walk *seen)
{
	for (size_t i = 0; i < seen->count; i++) {
		const struct pam_stack_line *line = seen->steps[i].line;

		(void)printf("  %2zu. ", i + 1);
		print_styled(is_named(line, MODULE_NAME) ? PRINT_BOLD : PRINT_GOOD, "%-22s",
			line->module);
		(void)printf(" %-18s", answer_word(seen->steps[i].answer));
		print_place(places, line);
		(void)putchar('\n');
	}
}

/* One stack for root; whose fault it is when root is locked out. */
static bool check_root(const struct places *places, const struct pam_stack *stack,
	enum pam_stack_type type, bool is_by_person, bool is_told)
{
	static struct pam_stack_walk with, without; /* too large for the stack */
	const struct case_of root = {.places = places, .is_by_person = is_by_person};
	const struct case_of alone = {
		.places = places, .is_by_person = is_by_person, .is_without_us = true};
	bool is_good = walk(stack, type, root, &with) == PAM_SUCCESS;

	if (is_told) {
		print_styled(PRINT_BOLD, "%s: ", pam_stack_type_name(type));
		print_styled(is_good ? PRINT_GOOD : PRINT_BAD, "%s\n",
			is_good ? "root gets through" : "root is locked out");
		print_steps(places, &with);
	}
	if (is_good)
		return true;
	(void)fprintf(stderr, "holdfast: %s: root is locked out", pam_stack_type_name(type));
	if (with.decided_by)
		(void)fprintf(stderr, " by %s (%s:%u)", with.decided_by->module,
			with.decided_by->file, with.decided_by->number);
	(void)fprintf(stderr, "%s\n",
		walk(stack, type, alone, &without) == PAM_SUCCESS
			? ", and would not be without the lines of " MODULE_NAME
			  ": take them out (pam-auth-update --remove holdfast)"
			: ", with or without " MODULE_NAME);
	return false;
}

/* A refusal must be the stack's: a "sufficient" before it, or a control that ignores it, and it is none. */
static bool check_refusal(
	const struct places *places, const struct pam_stack *stack, enum pam_stack_type type)
{
	static struct pam_stack_walk seen; /* likewise */
	const struct case_of refused = {.places = places, .person = PERSON_REFUSED};

	if (walk(stack, type, refused, &seen) != PAM_SUCCESS)
		return true;
	(void)fprintf(stderr, "holdfast: %s: what " MODULE_NAME " refuses gets in all the same",
		pam_stack_type_name(type));
	if (seen.decided_by)
		(void)fprintf(stderr, ": %s (%s:%u) ends the stack before it",
			seen.decided_by->module, seen.decided_by->file, seen.decided_by->number);
	(void)fputc('\n', stderr);
	return false;
}

static bool is_run_by_person(const char *service)
{
	return !strncmp(service, "su", 2) || !strcmp(service, "polkit-1");
}

static int stack_get(const struct places *places, const char *service, struct pam_stack **ret_stack)
{
	return pam_stack_read(file_get, (void *)(uintptr_t)places, service, ret_stack);
}

/* Exit status of one service; is_told: with its stacks, else a line. */
static int check_stack(const struct places *places, const char *service,
	const struct pam_stack *stack, bool is_told)
{
	bool is_good = true, is_asked = is_concerned(stack);

	if (stack->problem[0]) {
		(void)fprintf(stderr, "holdfast: %s\n", stack->problem);
		is_good = false;
	}
	for (unsigned int type = 0; type < PAM_STACK_PASSWORD; type++) {
		is_good &= check_root(places, stack, type, is_run_by_person(service), is_told);
		if (has_module(stack, type))
			is_good &= check_refusal(places, stack, type);
	}
	if (!is_good)
		print_styled(PRINT_BAD, "%s: not good\n", service);
	else if (is_told)
		print_styled(PRINT_GOOD, "%s: root can log in, " MODULE_NAME " %s\n", service,
			is_asked ? "is asked and its word counts" : "is not asked");
	else
		(void)printf("%s: root gets through, " MODULE_NAME " %s\n", service,
			is_asked ? "is asked and its word counts" : "is not asked");
	return is_good ? CLI_DONE : CLI_REFUSED;
}

static int check_service(const struct places *places, const char *service)
{
	auto_call(pam_stack_freep) struct pam_stack *stack = NULL;
	int r = stack_get(places, service, &stack);

	if (r < 0) {
		(void)fprintf(stderr, "holdfast: %s/%s: %s\n", places->directory, service,
			r == -E2BIG ? "too many lines or files to follow" : strerror(-r));
		return CLI_REFUSED;
	}
	return check_stack(places, service, stack, true);
}

static int is_service(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && strncmp(entry->d_name, "common-", 7) != 0 &&
	       strcmp(entry->d_name, "other") != 0 && strcmp(entry->d_name, "login") != 0 &&
	       !strchr(entry->d_name, '~');
}

/* Of a service that does not ask our module, or cannot be read, nothing is said. */
static int check_other(const struct places *places, const char *service)
{
	auto_call(pam_stack_freep) struct pam_stack *stack = NULL;

	if (stack_get(places, service, &stack) < 0 || !is_concerned(stack))
		return CLI_DONE;
	return check_stack(places, service, stack, false);
}

static int check_others(const struct places *places)
{
	struct dirent **entries = NULL;
	int count = scandir(places->directory, &entries, is_service, alphasort);
	int status = CLI_DONE;

	for (int i = 0; i < count; i++) {
		if (check_other(places, entries[i]->d_name) != CLI_DONE)
			status = CLI_REFUSED;
		free(entries[i]);
	}
	free(entries);
	return status;
}

int cli_pam_check(int argc, char **argv)
{
	static const struct option known[] = {{"directory", required_argument, NULL, 'd'},
		{"modules", required_argument, NULL, 'm'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct places places = {DIRECTORY, HOLDFAST_PAM_DIRECTORY};
	int option, status;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == 'd')
			places.directory = optarg;
		else if (option == 'm')
			places.modules = optarg;
		else
			return fputs(usage, stderr), CLI_USAGE;
	}
	if (argc - optind > 1)
		return fputs(usage, stderr), CLI_USAGE;
	if (argc - optind == 1 && strchr(argv[optind], '/')) {
		(void)fprintf(stderr, "holdfast: '%s' is no service\n", argv[optind]);
		return CLI_USAGE;
	}
	status = check_service(&places, argc - optind == 1 ? argv[optind] : "login");
	if (argc == optind && check_others(&places) != CLI_DONE)
		status = CLI_REFUSED;
	return status;
}
