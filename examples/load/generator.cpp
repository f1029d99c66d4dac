#include "generator.h"

#include <arpa/inet.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace load {
namespace {

std::int64_t clock_ns(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

}  // namespace

std::int64_t real_ns() { return clock_ns(CLOCK_REALTIME); }
std::int64_t mono_ns() { return clock_ns(CLOCK_MONOTONIC); }

Generator::Generator(Options options, int poll)
    : options_(std::move(options)), poll_(poll), counters_(real_ns()), next_due_(mono_ns()) {
  target_.sin_family = AF_INET;
  target_.sin_port = htons(static_cast<std::uint16_t>(options_.port));
  if (inet_pton(AF_INET, options_.address.c_str(), &target_.sin_addr) != 1) {
    std::fprintf(stderr, "slipway-load: not an IPv4 address: %s\n", options_.address.c_str());
    std::exit(2);
  }
  if (options_.host.empty()) options_.host = options_.address + ":" + std::to_string(options_.port);
  auto n = static_cast<std::size_t>(std::max(1, options_.connections));
  connections_.resize(n);
  watched_.assign(n, -1);
  for (std::size_t i = n; i-- > 0;) free_.push_back(i);
  user_busy_.assign(static_cast<std::size_t>(std::max(1, options_.users)), 0);
  random_.seed(options_.seed ? options_.seed : std::random_device{}());
  end_ = options_.seconds > 0 ? mono_ns() + static_cast<std::int64_t>(options_.seconds * 1e9) : INT64_MAX;
}

void Generator::set_rate(double rate) {
  options_.rate = rate;
  next_due_ = mono_ns();
}

int Generator::next_wait_ms() const {
  if (stopping_ || options_.rate <= 0 || free_.empty()) return 50;
  return static_cast<int>(std::clamp<std::int64_t>((next_due_ - mono_ns()) / 1'000'000, 0, 50));
}

void Generator::turn() {
  std::int64_t now = mono_ns();
  if (now >= end_) stopping_ = true;
  std::int64_t limit = now - options_.timeout_ms * 1'000'000LL;
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (!connections_[i].idle() && connections_[i].sent().since_ns < limit) {
      finished(i, connections_[i].give_up(Fault::Timeout, "no answer in time"));
    }
  }
  while (!stopping_ && !free_.empty() && (options_.rate <= 0 || next_due_ <= now)) {
    std::size_t index = free_.back();
    free_.pop_back();
    send(index, options_.rate > 0 && options_.open_loop ? next_due_ : mono_ns());
    if (options_.rate > 0) next_due_ += static_cast<std::int64_t>(1e9 / options_.rate);
    // Without an open loop, time lost to slow answers is not made up for in a burst.
    if (!options_.open_loop) next_due_ = std::max(next_due_, now - 100'000'000);
  }
}

// A user has one request under way at a time, as a person would; so the order of a user's answers is that of its
// requests.
int Generator::pick_user() {
  for (int tries = 0; tries < 8; ++tries) {
    auto user = random_() % user_busy_.size();
    if (!user_busy_[user]) return static_cast<int>(user);
  }
  return -1;
}

std::string Generator::compose(const Sent& sent) {
  std::string text = sent.post ? "POST " + options_.post_path : "GET " + options_.path;
  text += " HTTP/1.1\r\nHost: " + options_.host + "\r\n";
  if (sent.user >= 0) text += "X-User-Id: " + options_.user_prefix + std::to_string(sent.user) + "\r\n";
  if (!sent.post) return text + "\r\n";
  static const std::string kOrder = "{\"item\":\"tea\",\"count\":1}";
  return text + "Content-Type: application/json\r\nContent-Length: " + std::to_string(kOrder.size()) + "\r\n\r\n" +
         kOrder;
}

void Generator::send(std::size_t index, std::int64_t due) {
  std::uniform_real_distribution<double> unit(0, 1);
  Sent sent{.post = unit(random_) < options_.post_share, .since_ns = due};
  if (unit(random_) < options_.user_share) sent.user = pick_user();
  if (sent.user >= 0) user_busy_[static_cast<std::size_t>(sent.user)] = 1;
  sent.segment = counters_.sent(sent.post);
  ++busy_;
  Connection& c = connections_[index];
  if (!c.start(target_, compose(sent), sent)) return finished(index, Connection::Event::Broken);
  if (watched_[index] < 0) return watch(index);
  if (auto event = c.writable(); event != Connection::Event::None) finished(index, event);
}

void Generator::watch(std::size_t index) {
  watched_[index] = connections_[index].fd();
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u64 = index}};
  epoll_ctl(poll_, EPOLL_CTL_ADD, watched_[index], &event);
}

void Generator::event(std::size_t index, unsigned what) {
  Connection& c = connections_[index];
  if (!c.open()) return;
  auto result = Connection::Event::None;
  if ((what & EPOLLOUT) && c.wants_write()) result = c.writable();
  if (result == Connection::Event::None && (what & ~EPOLLOUT)) result = c.readable();
  if (result != Connection::Event::None) finished(index, result);
}

void Generator::finished(std::size_t index, Connection::Event event) {
  Connection& c = connections_[index];
  if (!c.open()) watched_[index] = -1;
  if (event == Connection::Event::ClosedIdle) return;
  const Sent& sent = c.sent();
  if (event == Connection::Event::Answered) {
    counters_.answered(sent.segment, {.status = c.status(),
                                      .version = c.version(),
                                      .post = sent.post,
                                      .user = sent.user,
                                      .at = real_ns(),
                                      .latency_us = static_cast<std::uint64_t>((mono_ns() - sent.since_ns) / 1000)});
  } else {
    counters_.broken(sent.segment, c.fault(), c.detail(), real_ns());
  }
  if (sent.user >= 0) user_busy_[static_cast<std::size_t>(sent.user)] = 0;
  --busy_;
  free_.push_back(index);
}

}  // namespace load
