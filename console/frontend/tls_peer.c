/* SPDX-License-Identifier: Apache-2.0 */
#include "console/frontend/tls_peer.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/uuid.h"

CLEANUP_DEFINE(SSL_SESSION, SSL_SESSION_free)

static int device_of(const X509 *certificate, uint8_t ret_device[CONSOLE_UID_SIZE])
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	const ASN1_STRING *name;
	char text[UUID_TEXT_SIZE];

	if (at < 0)
		return -EBADMSG;
	name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	if (ASN1_STRING_length(name) != (int)sizeof(text) - 1)
		return -EBADMSG;
	memcpy(text, ASN1_STRING_get0_data(name), sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	return uuid_parse(text, ret_device) < 0 ? -EBADMSG : 0;
}

int tls_peer_read(const SSL *connection, struct tls_peer *ret_peer)
{
	X509 *certificate = SSL_get0_peer_certificate(connection);
	struct tls_peer peer = {0};
	struct tm expires;
	unsigned int size = sizeof(peer.certificate);

	if (certificate) {
		peer.has_certificate = true;
		if (X509_digest(certificate, EVP_sha256(), peer.certificate, &size) != 1 ||
			ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &expires) != 1 ||
			device_of(certificate, peer.device) < 0)
			return -EBADMSG;
		peer.expires = timegm(&expires);
	}
	*ret_peer = peer;
	return 0;
}

int tls_peer_subject(const SSL *connection, uint8_t **ret_der, int *ret_size)
{
	X509 *certificate = SSL_get0_peer_certificate(connection);
	uint8_t *der = NULL;
	int size = certificate ? i2d_X509_NAME(X509_get_subject_name(certificate), &der) : 0;

	if (size < 0)
		return -ENOMEM;
	*ret_der = der;
	*ret_size = size;
	return 0;
}

/* The stack stays the SSL's; each certificate in it is a reference of the stack's own. */
static void drop_all(STACK_OF(X509) * certificates)
{
	X509 *one;

	while (certificates && (one = sk_X509_pop(certificates)))
		X509_free(one);
}

/*
 * A session can't be taken from a connection that speaks TLS 1.3 by now (SSL_set_session() begins it
 * anew), but it can be read over: what is read has no certificate and no secret.
 */
static int empty_session(SSL *connection)
{
	auto_call(SSL_SESSION_freep) SSL_SESSION *empty = SSL_SESSION_new();
	SSL_SESSION *session = SSL_get0_session(connection);
	const uint8_t *at;
	uint8_t *der = NULL;
	bool is_read;
	int size;

	if (!empty || SSL_SESSION_set_protocol_version(empty, SSL_version(connection)) != 1 ||
		SSL_SESSION_set_cipher(empty, SSL_get_current_cipher(connection)) != 1)
		return -ENOMEM;
	size = i2d_SSL_SESSION(empty, &der);
	if (size <= 0)
		return -ENOMEM;
	at = der;
	is_read = d2i_SSL_SESSION(&session, &at, size) != NULL;
	OPENSSL_free(der);
	return is_read ? 0 : -ENOMEM;
}

int tls_peer_forget(SSL *connection)
{
	drop_all(SSL_get_peer_cert_chain(connection));
	drop_all(SSL_get0_verified_chain(connection));
	return empty_session(connection);
}
