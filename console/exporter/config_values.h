/* SPDX-License-Identifier: Apache-2.0 */
/* Private to config.c: one function per type of value. Each sets its field, or says what is wrong. */
#ifndef HOLDFAST_CONSOLE_EXPORTER_CONFIG_VALUES_H
#define HOLDFAST_CONSOLE_EXPORTER_CONFIG_VALUES_H

#include <stddef.h>

#include "console/exporter/config.h"

struct config_problem {
	struct policy_place place;
	struct policy_problems *problems;
};

/* hint: the nearest word, or NULL. */
void config_complain(const struct config_problem *at, const char *hint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

typedef void config_value(const struct config_problem *at, struct config_output *output,
	void *field, const char *value);

struct config_key {
	const char *name;
	unsigned int kinds; /* bits of enum config_kind */
	config_value *set;
	size_t offset; /* of its field */
};

/* field: struct export_filter */
config_value value_severity, value_verdict, value_classes;
/* field: bool */
config_value value_start, value_tls;
/* field: uint64_t */
config_value value_bytes, value_keep, value_facility, value_enterprise, value_seconds;
/* field: char[PATH_MAX], char[CONFIG_HOST_SIZE], char[CONFIG_LIST_SIZE] */
config_value value_path, value_host, value_topic, value_brokers;
/* sets host and port */
config_value value_server;

#endif
