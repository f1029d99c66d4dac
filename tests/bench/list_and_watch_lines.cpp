// A list of 10,000 pods, and one change to 1,000 watchers, over TLS.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <vector>

#include "cluster.h"
#include "process.h"
#include "runtime/real/loop.h"
#include "server_lines.h"
#include "write_load.h"

namespace slipway::bench {

using data::Value;

namespace {

constexpr std::uint64_t kPods = 10'000;
constexpr std::size_t kWatchers = 1'000;
constexpr int kLists = 5, kChanges = 10;
constexpr std::size_t kHandshakesAtOnce = 32;

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double copy_mb_per_second(const std::string& bytes) {
  std::string copy(bytes.size(), '\0');
  const auto started = Clock::now();
  constexpr int kRounds = 20;
  for (int i = 0; i < kRounds; ++i) {
    std::memcpy(copy.data(), bytes.data(), bytes.size());
    asm volatile("" : : "r"(copy.data()) : "memory");
  }
  return static_cast<double>(bytes.size()) * kRounds / seconds_since(started) / 1e6;
}

void add_list_line(Lines& lines, const Cluster& cluster) {
  const std::string what = fmt::format("list of {} pods over TLS", number(static_cast<double>(kPods)));
  double best = 1e9, cpu = 0;
  std::string body;
  for (int i = 0; i < kLists; ++i) {
    const double cpu_before = cpu_seconds(cluster.pid());
    const auto started = Clock::now();
    auto answer = cluster.ask({.target = "/api/v1/pods"});
    const double took = seconds_since(started);
    if (!answer || answer->status != 200) return lines.push_back(skipped(what, "the list failed"));
    body = std::move(answer->body);
    if (took < best) best = took, cpu = cpu_seconds(cluster.pid()) - cpu_before;
  }
  const double megabytes = static_cast<double>(body.size()) / 1e6;
  const double copying = copy_mb_per_second(body);
  lines.push_back(
      {.what = what,
       .measured = fmt::format("{} MB/s ({:.1f} MB in {:.0f} ms, {:.0f} ms server CPU)", number(megabytes / best), megabytes,
                               best * 1e3, cpu * 1e3),
       .target = "speed of copying bytes",
       .beside = fmt::format("memcpy of it {} MB/s", number(copying)),
       .numbers = Value::object({{"mb_per_second", megabytes / best}, {"mb", megabytes}, {"memcpy_mb_per_second", copying}})});
}

// One watch that counts the bytes and events it was sent.
class Watching final : public http::StreamSink {
 public:
  Watching(std::size_t& open, std::size_t& events) : open_(open), events_(events) {}
  void head(const http::Response& response) override { open_ += response.status == 200; }
  void data(std::string_view bytes) override { events_ += static_cast<std::size_t>(std::ranges::count(bytes, '\n')); }
  void ended(base::Result<void>) override {}

 private:
  std::size_t& open_;
  std::size_t& events_;
};

class FanOut {
 public:
  explicit FanOut(const Cluster& cluster)
      : client_(loop_, http::parse_url(cluster.url())->endpoint, {.tls = cluster.tls()}) {}

  // All watches, each with the one object that is there.
  void open() {
    const std::string target =
        "/api/v1/namespaces/default/configmaps?watch=1&resourceVersion=0&fieldSelector=metadata.name%3Dwatched";
    for (std::size_t i = 0; i < kWatchers; ++i) {
      watches_.push_back(std::make_unique<Watching>(open_, events_));
      calls_.push_back(client_.stream({.target = target, .timeout = base::minutes(1)}, *watches_.back()));
      while (calls_.size() - open_ > kHandshakesAtOnce) loop_.run_one();
    }
    while (events_ < kWatchers) loop_.run_one();
  }

  // Seconds from sending the change until the last watcher has it.
  double change(int serial) {
    const auto started = Clock::now();
    const std::string body = fmt::format(R"({{"data":{{"serial":"{}","fill":"{}"}}}})", serial, std::string(2048, 'x'));
    const std::size_t had = events_;
    auto call = client_.send({.method = "PATCH",
                              .target = "/api/v1/namespaces/default/configmaps/watched",
                              .headers = {{"Content-Type", "application/merge-patch+json"}},
                              .body = http::bytes_of(body)},
                             [](auto) {});
    while (events_ < had + kWatchers) loop_.run_one();
    return seconds_since(started);
  }

 private:
  runtime::real::Loop loop_;
  http::Client client_;
  std::size_t open_ = 0, events_ = 0;
  std::vector<std::unique_ptr<Watching>> watches_;
  std::vector<std::unique_ptr<http::Call>> calls_;
};

void add_watch_line(Lines& lines, const Cluster& cluster) {
  const std::string what = fmt::format("one change to {} watchers over TLS", number(static_cast<double>(kWatchers)));
  const auto made = cluster.ask({.method = "POST",
                                 .target = "/api/v1/namespaces/default/configmaps",
                                 .headers = {{"Content-Type", "application/json"}},
                                 .body = http::bytes_of(R"({"metadata":{"name":"watched"}})")});
  if (!made || made->status != 201) return lines.push_back(skipped(what, "the object could not be made"));
  const double memory = resident_mb(cluster.pid());
  FanOut fan_out(cluster);
  fan_out.open();
  const double kb_each = (resident_mb(cluster.pid()) - memory) * 1024 / kWatchers;
  fan_out.change(0);
  std::vector<double> times;
  const double cpu = cpu_seconds(cluster.pid());
  for (int i = 1; i <= kChanges; ++i) times.push_back(fan_out.change(i));
  const double cpu_ms = (cpu_seconds(cluster.pid()) - cpu) / kChanges * 1e3;
  std::ranges::sort(times);
  const double median = times[times.size() / 2] * 1e3;
  lines.push_back({.what = what,
                   .measured = fmt::format("{:.0f} ms to the last, {:.1f} ms server CPU, {:.0f} KB per watch", median, cpu_ms, kb_each),
                   .target = "one serialisation",
                   .beside = "counted: apiserver/one_change_to_1000_watchers",
                   .numbers = Value::object({{"ms", median}, {"server_cpu_ms", cpu_ms}, {"kb_per_watch", kb_each}})});
}

}  // namespace

void add_list_and_watch_lines(Lines& lines, const Place& place) {
  const Folder folder(place.folder);
  auto cluster = Cluster::start(place.program, folder.path() + "/data", false);
  if (!cluster) return lines.push_back(skipped("list and watch over TLS", cluster.error().message));
  const auto filled = run_load({.url = (*cluster)->url(), .tls = (*cluster)->tls(), .prefix = "web", .pods = true, .count = kPods});
  if (!filled || filled->errors > 0)
    return lines.push_back(skipped("list and watch over TLS", filled ? filled->first_error : filled.error().message));
  add_list_line(lines, **cluster);
  add_watch_line(lines, **cluster);
}

}  // namespace slipway::bench
