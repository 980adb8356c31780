"""Generated from proto/ by tools/generate_rpc.sh; not to be edited."""
