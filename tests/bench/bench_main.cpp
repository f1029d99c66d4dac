// Runs all benchmarks and prints one table; the same as JSON in a file. `./dev bench` builds and starts it.
//
//   bench --slipway build/slipway --programs build-bench/bench --out build/bench.json [--only start,write,list,micro]
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <thread>

#include "base/strings.h"
#include "base/time.h"
#include "data/json.h"
#include "micro_lines.h"
#include "runtime/file.h"
#include "runtime/real/loop.h"
#include "server_lines.h"

namespace {

using namespace slipway;
using bench::Lines;

std::string first_line_with(const std::string& path, std::string_view start) {
  const std::string text = runtime::read_file(path).value_or("");
  for (const std::string_view line : base::split(text, '\n'))
    if (line.starts_with(start)) return std::string(line.substr(std::min(line.find(':') + 2, line.size())));
  return {};
}

// Ratios hold from machine to machine; the numbers alone do not.
data::Value conditions() {
  const std::string load = runtime::read_file("/proc/loadavg").value_or("");
  return data::Value::object({{"processors", static_cast<std::int64_t>(std::thread::hardware_concurrency())},
                              {"processor", first_line_with("/proc/cpuinfo", "model name")},
                              {"load_before", std::string(load.substr(0, load.find(' ')))},
                              {"kernel", std::string(base::trim(runtime::read_file("/proc/sys/kernel/osrelease").value_or("")))},
                              {"at", base::format_time(runtime::real::wall_clock())}});
}

bool wanted(const std::string& only, std::string_view part) {
  if (only.empty()) return true;
  for (const std::string_view each : base::split(only, ','))
    if (each == part) return true;
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Place place{.program = "build/slipway", .folder = "build/bench"};
  std::string programs = "build-bench/bench", out = "build/bench.json", only;
  CLI::App app{"All benchmarks"};
  app.add_option("--slipway", place.program)->capture_default_str();
  app.add_option("--programs", programs, "Folder of the *_bench programs")->capture_default_str();
  app.add_option("--folder", place.folder, "Data goes there: the disk that is measured")->capture_default_str();
  app.add_option("--seconds", place.seconds, "Of each measurement of a rate")->capture_default_str();
  app.add_option("--out", out)->capture_default_str();
  app.add_option("--only", only, "Parts, separated by commas: start, write, list, micro");
  CLI11_PARSE(app, argc, argv);
  const data::Value before = conditions();
  Lines lines;
  const std::pair<const char*, std::function<void()>> parts[] = {
      {"start", [&] { bench::add_start_lines(lines, place); }},
      {"write", [&] { bench::add_write_lines(lines, place); }},
      {"list", [&] { bench::add_list_and_watch_lines(lines, place); }},
      {"micro", [&] { bench::add_micro_lines(lines, programs, place.folder + "/results"); }}};
  for (const auto& [name, run] : parts) {
    if (!wanted(only, name)) continue;
    fmt::print(stderr, " · {}\n", name);
    run();
  }
  fmt::print("{}", bench::table_of(lines));
  const data::Value document = data::Value::object({{"conditions", before}, {"lines", bench::json_of(lines)}});
  if (auto ok = runtime::write_file(out, data::to_pretty_json(document) + "\n"); !ok) {
    fmt::print(stderr, "{}\n", ok.error().message);
    return 1;
  }
  return 0;
}
