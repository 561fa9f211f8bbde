/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast verify: the person shows who they are. */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "agent/cli/verify.h"
#include "common/answer_channel.h"
#include "common/cleanup.h"
#include "common/local_socket.h"

static const char usage[] = "usage: holdfast verify [--method password|totp|security-key|page]\n"
			    "       holdfast verify status\n"
			    "       holdfast verify end\n"
			    "       holdfast verify enrol totp|security-key\n"
			    "       holdfast verify forget totp|security-key --user USER\n"
			    "Shows who you are, so that files of labels that ask for it open "
			    "again; end takes it back.\n"
			    "enrol registers an authenticator or a security key, and asks for your "
			    "password; forget is\n"
			    "root's. What is asked for is read from the terminal, or as a line "
			    "from the standard input.\n";

struct last_line {
	struct json_object *object; /* own; NULL = none */
};

static void keep_line(struct json_object *object, const char *text, void *userdata)
{
	struct last_line *last = userdata;

	(void)text; /* the object is enough */
	(void)json_object_put(last->object);
	last->object = json_object_get(object);
}

static int ask(
	int fd, const struct verify_request *request, answer_line_function *line, void *userdata)
{
	struct answer_reading reading = {.line = line, .userdata = userdata};
	uint8_t buffer[VERIFY_FRAME_MAX];
	struct bytes_writer frame;
	int r;

	verify_request_put(&frame, buffer, sizeof(buffer), request);
	r = wire_end(&frame);
	if (r > 0)
		r = channel_packet(fd, buffer, frame.used, -1);
	explicit_bzero(buffer, sizeof(buffer));
	if (r == 0)
		r = answer_read(fd, &reading);
	if (r < 0) {
		(void)fprintf(stderr, "holdfast: holdfast-verify broke off: %s\n", strerror(-r));
		return CLI_NO_AGENT;
	}
	if (reading.words[0])
		(void)fprintf(reading.error < 0 ? stderr : stdout, "%s%s\n",
			reading.error < 0 ? "holdfast: " : "", reading.words);
	return reading.error < 0 ? CLI_REFUSED : CLI_DONE;
}

int verify_ask(int fd, const struct verify_request *request, struct json_object **ret_line)
{
	struct last_line last = {0};
	int r = ask(fd, request, keep_line, &last);

	if (ret_line)
		*ret_line = last.object;
	else
		(void)json_object_put(last.object); /* freed */
	return r;
}

static void show_page(struct json_object *line, const char *text, void *userdata)
{
	(void)text;
	(void)userdata; /* nothing is kept */
	(void)printf("Open ");
	print_clean(json_text(line, "address"));
	(void)printf("\nand enter the code ");
	print_clean(json_text(line, "code"));
	(void)printf("\nWaiting for it ...\n");
	(void)fflush(stdout); /* a pipe shows it too */
}

int verify_ask_page(int fd, const struct verify_request *request)
{
	return ask(fd, request, show_page, NULL);
}

int verify_prompt(const char *words, char *ret_secret, size_t size)
{
	bool is_terminal = isatty(STDIN_FILENO);
	struct termios before, silent;
	char *got;

	if (is_terminal) {
		(void)fprintf(stderr, "%s: ", words);
		if (tcgetattr(STDIN_FILENO, &before) < 0)
			return -errno;
		silent = before;
		silent.c_lflag &= (tcflag_t)~ECHO;
		if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) < 0)
			return -errno;
	}
	got = fgets(ret_secret, (int)size, stdin);
	if (is_terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before); /* as it was, or as it is */
		(void)fputc('\n', stderr);
	}
	if (!got || !strchr(ret_secret, '\n')) {
		(void)fprintf(stderr, "holdfast: nothing, or too much, was entered\n");
		return -EINVAL;
	}
	ret_secret[strcspn(ret_secret, "\n")] = '\0';
	return 0;
}

static int connect_verify(void)
{
	char directory[PATH_MAX];
	int fd;

	(void)snprintf(directory, sizeof(directory), "%s/" VERIFY_DIRECTORY, cli.runtime_directory);
	fd = local_socket_connect(directory, VERIFY_SOCKET_NAME, 0);
	if (fd < 0)
		(void)fprintf(stderr,
			"holdfast: holdfast-verify is not reachable at %s/" VERIFY_SOCKET_NAME
			": %s\nIt runs while a label of the policy in force asks for "
			"verification.\n",
			directory, strerror(-fd));
	return fd;
}

static int ask_with_secret(int fd, uint16_t verb, const char *words, struct json_object **ret_line)
{
	struct verify_request request = {.verb = verb};
	int r;

	if (verify_prompt(words, request.secret, sizeof(request.secret)) < 0)
		return CLI_USAGE;
	r = verify_ask(fd, &request, ret_line);
	explicit_bzero(&request, sizeof(request));
	return r;
}

/* What the policy takes and the person has; the first of these. -ENOENT with words printed. */
static int choose(int fd)
{
	const struct verify_request request = {.verb = VERIFY_ASK_SHOW};
	struct json_object *line = NULL;
	uint64_t methods;
	bool has[VERIFY_METHOD_MAX];

	if (verify_ask(fd, &request, &line) != CLI_DONE)
		return -EIO;
	methods = json_number(line, "methods");
	has[VERIFY_PASSWORD] = true;
	has[VERIFY_TOTP] = json_true(line, "totp");
	has[VERIFY_SECURITY_KEY] = json_number(line, "security-keys") > 0;
	has[VERIFY_PAGE] = true;
	(void)json_object_put(line); /* freed */
	for (int method = 0; method < VERIFY_METHOD_MAX; method++)
		if (methods & 1U << method && has[method])
			return method;
	(void)fprintf(stderr, "holdfast: %s\n",
		methods ? "enrol first: holdfast verify enrol totp, or security-key"
			: "no label of the policy in force asks for verification");
	return -ENOENT;
}

static int verify_by(int fd, int method)
{
	const struct verify_request page = {.verb = VERIFY_ASK_PAGE};

	switch (method) {
	case VERIFY_PASSWORD:
		return ask_with_secret(fd, VERIFY_ASK_PASSWORD, "Your password", NULL);
	case VERIFY_TOTP:
		return ask_with_secret(fd, VERIFY_ASK_TOTP, "Code of your authenticator", NULL);
	case VERIFY_SECURITY_KEY:
		return verify_with_key(fd);
	default:
		return verify_ask_page(fd, &page);
	}
}

static int enrol_totp(int fd)
{
	struct json_object *line = NULL;
	int r;

	r = ask_with_secret(fd, VERIFY_ASK_ENROL_TOTP, "Your password", &line);
	if (r == CLI_DONE) {
		(void)printf("Give your authenticator this address, as a QR code or by hand:\n%s\n"
			     "or this key: %s\n",
			json_text(line, "address"), json_text(line, "secret"));
		(void)fflush(stdout); /* who reads a pipe answers with a code */
		r = ask_with_secret(fd, VERIFY_ASK_CONFIRM_TOTP, "The code that it shows", NULL);
	}
	(void)json_object_put(line); /* freed */
	return r;
}

static int forget(int fd, const char *what, const char *name)
{
	struct verify_request request = {.verb = VERIFY_ASK_FORGET};
	const struct passwd *user = name ? getpwnam(name) : NULL;
	int method = verify_method_parse(what);

	if (!name || method < 0) {
		(void)fputs(usage, stderr);
		return CLI_USAGE;
	}
	if (!user) {
		(void)fprintf(stderr, "holdfast: there is no user '%s'\n", name);
		return CLI_REFUSED;
	}
	request.uid = user->pw_uid;
	request.method = (uint8_t)method;
	return verify_ask(fd, &request, NULL);
}

static void print_lines(struct json_object *status, const char *text, void *userdata)
{
	(void)text;
	(void)userdata;
	if (json_at(status, "verify"))
		print_verification(status);
	else
		(void)puts("no label of the policy in force asks for verification");
}

static int status(void)
{
	const struct local_request request = {.type = LOCAL_STATUS};

	return client_ask(&request, -1, print_lines, NULL);
}

static int run(int argc, char **argv, int method, const char *user)
{
	const struct verify_request end = {.verb = VERIFY_ASK_END};
	const char *verb = argc ? argv[0] : "";
	auto_close int fd = -EBADF;

	if (!strcmp(verb, "status") && argc == 1)
		return status();
	fd = connect_verify();
	if (fd < 0)
		return CLI_NO_AGENT;
	if (!argc) {
		if (method < 0)
			method = choose(fd);
		return method < 0 ? CLI_REFUSED : verify_by(fd, method);
	}
	if (!strcmp(verb, "end") && argc == 1)
		return verify_ask(fd, &end, NULL);
	if (!strcmp(verb, "enrol") && argc == 2 && !strcmp(argv[1], "totp"))
		return enrol_totp(fd);
	if (!strcmp(verb, "enrol") && argc == 2 && !strcmp(argv[1], "security-key"))
		return verify_enrol_key(fd);
	if (!strcmp(verb, "forget") && argc == 2)
		return forget(fd, argv[1], user);
	(void)fputs(usage, stderr);
	return CLI_USAGE;
}

int cli_verify(int argc, char **argv)
{
	static const struct option known[] = {{"method", required_argument, NULL, 'm'},
		{"user", required_argument, NULL, 'u'}, {"help", no_argument, NULL, 'h'}, {0}};
	const char *user = NULL;
	int option, method = -1;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		switch (option) {
		case 'm':
			method = verify_method_parse(optarg);
			if (method < 0) {
				(void)fputs(usage, stderr);
				return CLI_USAGE;
			}
			break;
		case 'u':
			user = optarg;
			break;
		default:
			return fputs(usage, option == 'h' ? stdout : stderr),
			       option == 'h' ? CLI_DONE : CLI_USAGE;
		}
	}
	return run(argc - optind, argv + optind, method, user);
}
