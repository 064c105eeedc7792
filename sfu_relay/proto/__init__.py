"""Generated protobuf code of rtc.proto and stats.proto: `make proto` makes it anew."""
