/* SPDX-License-Identifier: Apache-2.0 */
/* export.ini: which outputs there are. All errors are found at once, each with its line. */
#ifndef HOLDFAST_CONSOLE_EXPORTER_CONFIG_H
#define HOLDFAST_CONSOLE_EXPORTER_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "console/ipc/export.h"
#include "policy/problem.h"

#define CONFIG_FILE_NAME "export.ini"
#define CONFIG_FILE_MAX	 (1 << 20) /* bytes */
#define CONFIG_HOST_SIZE 256
#define CONFIG_LIST_SIZE 512

enum config_kind { CONFIG_FILE, CONFIG_SYSLOG, CONFIG_KAFKA, CONFIG_KIND_MAX };

struct config_output {
	enum config_kind kind;
	char name[EXPORT_NAME_SIZE];
	unsigned int line; /* of its heading */
	struct export_filter filter;
	bool is_from_first;
	/* file */
	char path[PATH_MAX];
	uint64_t rotate_bytes; /* 0 = never */
	uint64_t keep;	       /* older files that stay */
	/* syslog */
	char host[CONFIG_HOST_SIZE], port[8];
	char server_name[CONFIG_HOST_SIZE]; /* that its certificate must have */
	uint64_t facility;
	uint64_t enterprise; /* number behind the SD-ID's @: RFC 5424, 7.2.2 */
	uint64_t
		resend_ms; /* so long after it arrived, an event is sent again when the connection breaks */
	/* kafka */
	char brokers[CONFIG_LIST_SIZE], topic[CONFIG_HOST_SIZE];
	bool is_plain; /* without TLS */
	/* TLS */
	char ca[PATH_MAX], certificate[PATH_MAX], key[PATH_MAX];
};

struct config {
	struct config_output outputs[EXPORT_OUTPUT_MAX];
	unsigned int count;
};

/* The word for a kind: "file", "syslog", "kafka". */
const char *config_kind_name(enum config_kind kind);
/*
 * Reads a file; without one there are no outputs: -ENOENT. What is wrong is added to problems, and
 * the answer is -EINVAL; other negative errno when it can't be read.
 */
int config_read(const char *path, struct config *ret_config, struct policy_problems *problems);
/* The same of a text. */
int config_parse(const char *text, size_t size, const char *path, struct config *ret_config,
	struct policy_problems *problems);
/* NULL when there is none of that name. */
const struct config_output *config_find(const struct config *config, const char *name);

#endif
