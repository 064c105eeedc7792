"""Sockets, ICE-lite, DTLS and SRTP: from datagrams to decrypted packets and back."""
