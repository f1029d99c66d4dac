// What the proxy says it does, read from its command socket: per worker process, old ones included. Pure parsers.
// Formats: HAProxy 2.6 Management Guide, 9.3 (show map, show servers state, show stat, show info) and 9.4 (show proc).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace slipway::gateway {

struct ProcessLine {
  int pid = 0;
  bool old = false;
  bool operator==(const ProcessLine&) const = default;
};

enum class ServerMode { Ready, Drain, Maintenance };

struct ServerState {
  std::string address;
  ServerMode mode = ServerMode::Ready;
  int sessions = 0;
  bool operator==(const ServerState&) const = default;
};

struct SectionCount {
  std::int64_t sessions = 0;  // now
  std::int64_t requests = 0;  // since the worker started
};

using Map = std::map<std::string, std::string>;
using SlotServers = std::map<std::string, std::map<std::string, ServerState>>;  // section -> server name

struct Worker {
  int pid = 0;
  bool old = false;
  std::string fingerprint;  // of the structure it runs
  Map weights, slots, salts;
  SlotServers servers;
  std::map<std::string, SectionCount> sections;  // backend sections
  std::uint64_t dropped_logs = 0;
};

struct Observed {
  std::vector<Worker> workers;  // the current one first
  int failed_reloads = 0;       // in a row, until now
  const Worker* current() const { return workers.empty() || workers[0].old ? nullptr : &workers[0]; }
};

base::Result<std::vector<ProcessLine>> parse_processes(std::string_view text);
int parse_failed_reloads(std::string_view text);  // of `show proc`: in a row
Map parse_map(std::string_view text);
SlotServers parse_servers(std::string_view text);
// Adds sessions to servers and fills the section counts.
void parse_stat(std::string_view csv, SlotServers& servers, std::map<std::string, SectionCount>& sections);
void parse_info(std::string_view text, Worker& worker);

// A line of the weights map: which slots get which share, in order.
struct SlotShare {
  int slot = 0;
  int share = 0;
  bool operator==(const SlotShare&) const = default;
};
std::string write_weights(const std::vector<SlotShare>& shares);
std::vector<SlotShare> read_weights(std::string_view line);

}  // namespace slipway::gateway
