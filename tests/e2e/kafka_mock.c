/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Kafka cluster of a test: librdkafka's own mock brokers, in a process of their own. Prints their
 * addresses, then does what it is told, a line at a time:
 *
 *	errors CODE COUNT   the next COUNT produce requests are answered with that error
 *	down | up	    the brokers take no connections, or do again
 *	read TOPIC	    prints "KEY SEQUENCE VALUE" of every message, in its order, then "end"
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BROKERS	   3
#define PARTITIONS 4
#define PRODUCE	   0 /* key of the request in Kafka's protocol */
#define IDLE_MS	   3000

static char error[512];

static void fail(const char *what)
{
	(void)fprintf(stderr, "kafka_mock: %s: %s\n", what, error);
	exit(EXIT_FAILURE);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
		fail(name);
}

static void print_message(const rd_kafka_message_t *message)
{
	rd_kafka_headers_t *headers = NULL;
	const void *sequence = "-";
	size_t size = 1;

	if (!rd_kafka_message_headers(message, &headers))
		(void)rd_kafka_header_get_last(headers, "holdfast-sequence", &sequence, &size);
	(void)printf("%.*s %.*s %.*s\n", (int)message->key_len, (const char *)message->key,
		(int)size, (const char *)sequence, (int)message->len,
		(const char *)message->payload);
}

/* Every partition from its first message to its last. */
static void read_topic(const char *brokers, const char *topic)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(PARTITIONS);
	unsigned int ended = 0;
	rd_kafka_t *consumer;

	set(conf, "bootstrap.servers", brokers);
	set(conf, "group.id", "reader");
	set(conf, "enable.partition.eof", "true");
	set(conf, "isolation.level", "read_uncommitted");
	consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
	if (!consumer)
		fail("consumer");
	(void)rd_kafka_poll_set_consumer(consumer);
	for (int i = 0; i < PARTITIONS; i++)
		rd_kafka_topic_partition_list_add(all, topic, i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	(void)rd_kafka_assign(consumer, all);
	while (ended < PARTITIONS) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, IDLE_MS);

		if (!message)
			break;
		if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			ended++;
		else if (!message->err)
			print_message(message);
		rd_kafka_message_destroy(message);
	}
	rd_kafka_topic_partition_list_destroy(all);
	(void)rd_kafka_consumer_close(consumer);
	rd_kafka_destroy(consumer);
	(void)printf("end\n");
}

static void push_errors(rd_kafka_mock_cluster_t *cluster, int code, int count)
{
	for (int i = 0; i < count; i++)
		rd_kafka_mock_push_request_errors(cluster, PRODUCE, 1, (rd_kafka_resp_err_t)code);
}

static void set_up(rd_kafka_mock_cluster_t *cluster, bool is_up)
{
	for (int i = 1; i <= BROKERS; i++)
		(void)(is_up ? rd_kafka_mock_broker_set_up(cluster, i)
			     : rd_kafka_mock_broker_set_down(cluster, i));
}

int main(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *holder = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	rd_kafka_mock_cluster_t *cluster = holder ? rd_kafka_mock_cluster_new(holder, BROKERS)
						  : NULL;
	char line[300], topic[256];
	const char *brokers;
	int code, count;

	if (!cluster)
		fail("cluster");
	brokers = rd_kafka_mock_cluster_bootstraps(cluster);
	(void)rd_kafka_mock_topic_create(cluster, "events", PARTITIONS, 1);
	(void)printf("ready %s\n", brokers);
	(void)fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "errors %d %d", &code, &count) == 2)
			push_errors(cluster, code, count);
		else if (!strncmp(line, "down", 4) || !strncmp(line, "up", 2))
			set_up(cluster, line[0] == 'u');
		else if (sscanf(line, "read %255s", topic) == 1)
			read_topic(brokers, topic);
		(void)printf("done\n");
		(void)fflush(stdout);
	}
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(holder);
	return 0;
}
