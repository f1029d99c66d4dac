// One line of the benchmark table, and the whole table as text and JSON.
#pragma once

#include <string>
#include <vector>

#include "data/value.h"

namespace slipway::bench {

struct Line {
  std::string what;      // "durable creates over TLS, 64 clients"
  std::string measured;  // "5,210/s  p99 21 ms"; empty when skipped
  std::string target;    // of the design; empty when there is none
  std::string beside;    // the peer in the same run, or why the line was skipped
  data::Value numbers;   // the same for programs: {"per_second": 5210, "etcd_per_second": ...}
};
using Lines = std::vector<Line>;

inline Line skipped(std::string what, std::string why) {
  return {.what = std::move(what), .measured = "skipped", .beside = std::move(why)};
}

std::string table_of(const Lines& lines);
data::Value json_of(const Lines& lines);

// "12,345" and "3.42": whole from a hundred on, three digits below.
std::string number(double value);

}  // namespace slipway::bench
