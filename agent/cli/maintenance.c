/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast maintenance: keygen and sign are for the administrator's own machine and need no agent;
 * begin, status and end are for the machine that is maintained.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "agent/engine/maintenance_token.h"
#include "common/cleanup.h"
#include "common/hex.h"

#define TOKEN_FILE    "/etc/holdfast/maintenance.token"
#define HOURS_DEFAULT 24

static const char usage[] =
	"usage: holdfast maintenance keygen --key FILE --public FILE\n"
	"       holdfast maintenance sign --key FILE [--device ID] [--actions LIST] [--hours N]\n"
	"                                 [--output FILE]\n"
	"       holdfast maintenance begin [--token FILE] [--minutes N]\n"
	"       holdfast maintenance status [--json]\n"
	"       holdfast maintenance end\n"
	"The agent can be stopped, upgraded and removed only while its maintenance door is open.\n"
	"A token, signed with a key that stays with the administrator, opens it for a while.\n"
	"  --device ID      /etc/machine-id of the one machine it is for (any)\n"
	"  --actions LIST   upgrade, remove, stop, with commas (upgrade,stop)\n"
	"  --hours N        how long the token is good, from now, at most 744 (24)\n"
	"  --minutes N      how long the door stays open, at most 1440 (60)\n"
	"  --token FILE     (" TOKEN_FILE ")\n";

struct options {
	const char *key, *public_key, *device, *actions, *output, *token;
	unsigned long hours, minutes;
	bool is_json;
};

static int complain(const char *path, int error)
{
	(void)fprintf(stderr, "holdfast: %s: %s\n", path, strerror(error));
	return CLI_REFUSED;
}

/* Never over what is there: a key is not made twice. */
static int file_make(const char *path, mode_t mode, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	size_t size = strlen(text);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		return complain(path, errno);
	return CLI_DONE;
}

static int keygen(const struct options *options)
{
	char private_key[SIGNING_KEY_MAX], public_key[SIGNING_KEY_MAX];
	int r;

	if (!options->key || !options->public_key)
		return fputs(usage, stderr), CLI_USAGE;
	r = signing_key_make(NULL, private_key, public_key);
	if (r < 0)
		return complain("making a key", -r);
	r = file_make(options->key, 0600, private_key);
	explicit_bzero(private_key, sizeof(private_key));
	if (r == CLI_DONE)
		r = file_make(options->public_key, 0644, public_key);
	if (r == CLI_DONE)
		(void)printf("Keep %s where no protected machine can read it.\n"
			     "Install %s as /etc/holdfast/maintenance.pub on the machines.\n",
			options->key, options->public_key);
	return r;
}

static int key_load(const char *path, struct signing_key **ret_key)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char pem[SIGNING_KEY_MAX];
	ssize_t size = fd < 0 ? -1 : read(fd, pem, sizeof(pem));
	int r;

	if (size < 0)
		return -errno;
	r = signing_key_read(pem, (size_t)size, true, NULL, ret_key);
	explicit_bzero(pem, sizeof(pem));
	return r;
}

static int nonce_make(char ret_nonce[MAINTENANCE_NONCE_SIZE])
{
	uint8_t random[(MAINTENANCE_NONCE_SIZE - 1) / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	hex_write(random, sizeof(random), ret_nonce);
	return 0;
}

static int sign(const struct options *options)
{
	auto_call(signing_key_freep) struct signing_key *key = NULL;
	struct maintenance_token token = {.not_before_s = (uint64_t)time(NULL)}, check;
	char text[MAINTENANCE_TOKEN_MAX];
	int r;

	if (!options->key ||
		maintenance_acts_parse(
			options->actions ? options->actions : "upgrade,stop", &token.acts) < 0)
		return fputs(usage, stderr), CLI_USAGE;
	r = key_load(options->key, &key);
	if (r < 0)
		return complain(options->key, -r);
	(void)snprintf(token.device, sizeof(token.device), "%s",
		options->device ? options->device : "any");
	token.not_after_s = token.not_before_s + options->hours * 3600;
	r = nonce_make(token.nonce);
	if (r == 0)
		r = maintenance_token_write(&token, key, text);
	if (r < 0)
		return complain("signing", -r);
	if (maintenance_token_parse(text, strlen(text), &check) < 0) {
		(void)fprintf(stderr, "holdfast: '%s' is no machine id\n", token.device);
		return CLI_REFUSED;
	}
	if (options->output)
		return file_make(options->output, 0600, text);
	return fputs(text, stdout) < 0 ? complain("output", errno) : CLI_DONE;
}

static void print_state(struct json_object *line, const char *text, void *userdata)
{
	const struct options *options = userdata;

	if (options->is_json) {
		(void)puts(text);
		return;
	}
	if (json_true(line, "open"))
		print_styled(PRINT_WARN,
			"The maintenance door is open for %llu seconds more, for: %s\n",
			(unsigned long long)json_number(line, "seconds"),
			json_text(line, "actions"));
	else
		(void)puts("The maintenance door is shut.");
	(void)printf("The agent %s itself; a maintenance key is %s.\n",
		json_true(line, "guarded") ? "guards" : "does not guard",
		json_true(line, "key") ? "installed" : "not installed");
}

static int begin(struct options *options)
{
	const struct local_request request = {
		.type = LOCAL_MAINTENANCE_BEGIN, .minutes = (uint32_t)options->minutes};
	const char *path = options->token ? options->token : TOKEN_FILE;
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	/* Without a file: where nothing is guarded none is needed, and the agent says so. */
	if (fd < 0 && options->token)
		return complain(path, errno);
	return client_ask(&request, fd, print_state, options);
}

static int ask(uint16_t type, struct options *options)
{
	const struct local_request request = {.type = type};

	return client_ask(&request, -1, print_state, options);
}

static int parse_option(struct options *options, int option)
{
	switch (option) {
	case 'k':
		options->key = optarg;
		return 0;
	case 'p':
		options->public_key = optarg;
		return 0;
	case 'd':
		options->device = optarg;
		return 0;
	case 'a':
		options->actions = optarg;
		return 0;
	case 'o':
		options->output = optarg;
		return 0;
	case 't':
		options->token = optarg;
		return 0;
	case 'H':
		return options_number(optarg, MAINTENANCE_LIFE_MAX / 3600, &options->hours);
	case 'm':
		return options_number(optarg, MAINTENANCE_MINUTES_MAX, &options->minutes);
	case 'j':
		options->is_json = true;
		return 0;
	default:
		return -EINVAL;
	}
}

int cli_maintenance(int argc, char **argv)
{
	static const struct option known[] = {{"key", required_argument, NULL, 'k'},
		{"public", required_argument, NULL, 'p'}, {"device", required_argument, NULL, 'd'},
		{"actions", required_argument, NULL, 'a'}, {"hours", required_argument, NULL, 'H'},
		{"output", required_argument, NULL, 'o'}, {"token", required_argument, NULL, 't'},
		{"minutes", required_argument, NULL, 'm'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {0}};
	struct options options = {.hours = HOURS_DEFAULT};
	const char *verb;
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (parse_option(&options, option) < 0)
			return fputs(usage, stderr), CLI_USAGE;
	}
	verb = optind == argc - 1 ? argv[optind] : "";
	if (!strcmp(verb, "keygen"))
		return keygen(&options);
	if (!strcmp(verb, "sign"))
		return sign(&options);
	if (!strcmp(verb, "begin"))
		return begin(&options);
	if (!strcmp(verb, "status"))
		return ask(LOCAL_MAINTENANCE_SHOW, &options);
	if (!strcmp(verb, "end"))
		return ask(LOCAL_MAINTENANCE_END, &options);
	(void)fputs(usage, stderr);
	return CLI_USAGE;
}
