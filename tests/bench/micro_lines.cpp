#include "micro_lines.h"

#include <fmt/core.h>

#include <functional>
#include <map>

#include "data/json.h"
#include "runtime/child.h"
#include "runtime/file.h"

namespace slipway::bench {

using data::Value;

namespace {

// The results of one program by the benchmarks' names.
using Results = std::map<std::string, Value>;

base::Result<Results> run_program(const std::string& folder, const std::string& results, const std::string& name,
                                  const std::string& filter) {
  const std::string file = results + "/" + name + ".json";
  fmt::print(stderr, "   {} {}\n", name, filter);
  const auto run = runtime::run_program({folder + "/" + name, "--benchmark_filter=" + filter, "--benchmark_out=" + file,
                                         "--benchmark_out_format=json"});
  if (!run) return base::fail(run.error());
  const auto text = runtime::read_file(file);
  if (!text) return base::fail(text.error());
  const auto document = data::parse_json(*text);
  if (!document) return base::fail(document.error());
  Results out;
  for (const Value& one : (*document)["benchmarks"].items()) out[one["name"].str()] = one;
  return out;
}

// Google Benchmark names arguments and settings in the result's name: the first that begins with `name`.
const Value& find(const Results& results, std::string_view name) {
  for (const auto& [full, value] : results)
    if (full == name || full.starts_with(std::string(name) + "/")) return value;
  return data::kNull;
}

double milliseconds(const Value& result, const char* field) {
  const std::string_view unit = result["time_unit"].as_string("ns");
  const double scale = unit == "ns" ? 1e-6 : unit == "us" ? 1e-3 : unit == "ms" ? 1 : 1e3;
  return result[field].as_double() * scale;
}

using Format = std::function<std::string(const Value& result)>;

std::string mb_per_second(const Value& result) { return number(result["bytes_per_second"].as_double() / 1e6) + " MB/s"; }
std::string real_ms(const Value& result) { return number(milliseconds(result, "real_time")) + " ms"; }

void add_line(Lines& lines, const base::Result<Results>& results, const std::string& what, const std::string& name,
              const Format& format, const std::string& target, const std::string& beside) {
  if (!results) return lines.push_back(skipped(what, results.error().message));
  const Value& result = find(*results, name);
  if (result.is_null() || result["error_occurred"].as_bool())
    return lines.push_back(skipped(what, result["error_message"].str("the benchmark gave no result")));
  lines.push_back({.what = what, .measured = format(result), .target = target, .beside = beside, .numbers = result});
}

// The other libraries' results for the same text: parse_pod/nlohmann, parse_yaml_3000_lines/yaml-cpp ...
std::string beside_of(const base::Result<Results>& results, const std::string& name) {
  if (!results) return {};
  const double ours = find(*results, name + "/slipway")["bytes_per_second"].as_double();
  std::string out;
  for (const auto& [full, value] : *results) {
    if (!full.starts_with(name + "/") || full == name + "/slipway") continue;
    const double theirs = value["bytes_per_second"].as_double();
    if (!out.empty()) out += ", ";
    out += fmt::format("{} {} ({:.1f})", full.substr(name.size() + 1), number(theirs / 1e6), theirs / ours);
  }
  return out.empty() ? "no other library is installed (./dev setup bench)" : out;
}

void add_rollout_lines(Lines& lines, const std::string& folder, const std::string& results) {
  const auto run = run_program(folder, results, "workload_bench", "rolling_update/10000/10/1");
  const Format cpu = [](const Value& r) {
    return fmt::format("{:.1f} s CPU, {} API writes/s", milliseconds(r, "cpu_time") / 1e3, number(r["writes/s"].as_double()));
  };
  add_line(lines, run, "rolling update of 10,000 modelled pods, with a Service", "rolling_update/10000/10/1", cpu, "5 s",
           "virtual time; one thread");
  const auto decisions = run_program(folder, results, "control_bench", ".");
  const Format rate = [](const Value& r) { return number(r["items_per_second"].as_double()) + "/s"; };
  add_line(lines, decisions, "decisions of a runner, nothing to write", "decisions/idle", rate, "", "one core");
  add_line(lines, decisions, "decisions of a runner, one write each", "decisions/writing", rate, "", "one core, store in memory");
}

void add_pod_lines(Lines& lines, const std::string& folder, const std::string& results) {
  const auto run = run_program(folder, results, "node_bench", "BM_PodStart");
  for (const char* runtime : {"isolated", "loopback"})
    add_line(lines, run, fmt::format("pod start to its first connection, {}", runtime), fmt::format("BM_PodStart/{}", runtime),
             real_ms, "", "50 pods stay running");
}

void add_document_lines(Lines& lines, const std::string& folder, const std::string& results) {
  const auto run = run_program(folder, results, "data_bench", "pod|yaml_3000");
  const std::pair<const char*, const char*> documents[] = {{"parse 10 KB JSON", "parse_pod"},
                                                           {"print 10 KB JSON", "print_pod"},
                                                           {"parse 3,000 lines of YAML", "parse_yaml_3000_lines"},
                                                           {"print 3,000 lines of YAML", "print_yaml_3000_lines"}};
  for (const auto& [what, name] : documents)
    add_line(lines, run, what, std::string(name) + "/slipway", mb_per_second, "", beside_of(run, name));
}

void add_server_lines(Lines& lines, const std::string& folder, const std::string& results) {
  const auto run = run_program(folder, results, "apiserver_bench", "list_10000_pods|memcpy|watchers");
  const double copy = run ? find(*run, "apiserver/memcpy_of_list")["bytes_per_second"].as_double() : 0;
  add_line(lines, run, "list of 10,000 pods, in process", "apiserver/list_10000_pods/table:0", mb_per_second,
           "speed of copying bytes", fmt::format("memcpy of it {} MB/s", number(copy / 1e6)));
  const Format fan_out = [](const Value& r) {
    return fmt::format("{} ms, {:.0f} serialisation, {:.0f} ns per watcher", number(milliseconds(r, "real_time")),
                       r["serialisations"].as_double(), milliseconds(r, "real_time") * 1e3);
  };
  add_line(lines, run, "one change to 1,000 watchers, in process", "apiserver/one_change_to_watchers/1000", fan_out,
           "one serialisation",
           run ? "to one watcher " + real_ms(find(*run, "apiserver/one_change_to_watchers/1")) : "");
}

}  // namespace

void add_micro_lines(Lines& lines, const std::string& folder, const std::string& results) {
  (void)runtime::make_directories(results);
  add_server_lines(lines, folder, results);
  add_rollout_lines(lines, folder, results);
  add_pod_lines(lines, folder, results);
  add_document_lines(lines, folder, results);
}

}  // namespace slipway::bench
