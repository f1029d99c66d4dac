// Writes haproxy.cfg from a Structure. Pure: the same input gives the same text.
//
// How a request travels: the frontend's entries choose a rule (txn.rule), a bucket of 0..9999 is drawn (hash of the
// sticky header, else random), the rule's line in the map `weights` says which slot holds that bucket, the map `slots`
// which Service the slot stands for right now; the backend section is "<rule>.s<slot>". The access log names rule and
// Service as they were at that moment.
//   weights:  <rule> "<end>:<slot>:<end>:<slot>..."   ends rise to 10000; in the order of the route's backends
//   slots:    <rule>.s<n> <service>                   "-" for a free slot, "!" for a backend that answers 500
//   salts:    <rule> <salt>
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gateway/proxy.h"

namespace slipway::gateway {

struct ConfigPaths {
  std::string weights, slots, salts;  // map files
  std::string log_socket;             // unix stream, octet-counted lines
  int threads = 2;
};

// Servers that the new workers start with, by backend section: the rest comes through the command socket.
using StartingServers = std::map<std::string, std::vector<Server>>;

// A name for the structure, which the proxy tells back (`show info`, description): equal names, equal sections.
std::string fingerprint(const Structure& structure, const ConfigPaths& paths);
std::string write_config(const Structure& structure, const StartingServers& servers, const ConfigPaths& paths);

inline std::string slot_name(const std::string& rule, int slot) { return rule + ".s" + std::to_string(slot); }

inline constexpr const char* kLogVersion = "slipway3";

}  // namespace slipway::gateway
