"""One publisher, many real viewers: what a packet costs the embedded SFU, beside a bare loop."""
