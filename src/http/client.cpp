#include "http/client.h"

#include <algorithm>
#include <csignal>
#include <deque>
#include <set>
#include <vector>

#include "http/channel.h"

namespace slipway::http {
using base::Code;

namespace {
std::string name_of(const Endpoint& endpoint, bool tls) {
  if (!endpoint.socket_path.empty()) return endpoint.socket_path;
  return (tls ? "https://" : "http://") + endpoint.authority();
}
}  // namespace

// The connections of one client and the calls that wait for one.
class Client::Pool final : public ChannelOwner, public std::enable_shared_from_this<Client::Pool> {
 public:
  Pool(runtime::real::Loop& loop, Endpoint endpoint, ClientOptions options)
      : loop_(loop),
        endpoint_(std::move(endpoint)),
        options_(std::move(options)),
        name_(name_of(endpoint_, options_.tls != nullptr)) {}

  void submit(const JobPtr& job) {
    job->last_byte = loop_.mono();
    watch_deadline(job, job->request.timeout);
    loop_.post([weak = weak_from_this(), job] {
      if (auto self = weak.lock(); self && !job->finished) self->place(job);
    });
  }

  void give_up(const JobPtr& job) {
    if (std::exchange(job->finished, true)) return;
    job->deadline.cancel();
    if (auto channel = job->channel.lock(); channel && channel->job() == job) {
      channel->close();
      forget(*channel, *job);
    }
  }

  void shut_down() {
    shut_ = true;
    for (const auto& channel : std::exchange(channels_, {})) {
      if (channel->job()) channel->job()->finished = true;
      channel->close();
    }
    idle_.clear();
    for (const auto& job : std::exchange(waiting_, {})) job->finished = true;
  }

  std::size_t open() const { return channels_.size(); }
  std::uint64_t made() const { return made_; }

  // From the channels.
  void got_head(Job& job, Response head) override {
    if (!job.is_stream()) {
      job.whole = std::move(head);
      return;
    }
    job.deadline.cancel();
    if (job.request.silence > base::Duration(0))
      if (auto channel = job.channel.lock()) watch_silence(channel->job(), job.request.silence);
    job.sink->head(head);
  }

  void got_data(Job& job, std::string_view bytes) override {
    if (job.is_stream()) return job.sink->data(bytes);
    if (job.whole.body.size() + bytes.size() <= options_.body_bytes) {
      job.whole.body += bytes;
    } else if (auto channel = job.channel.lock()) {
      channel->fail(
          {Code::TooLarge, name_ + ": the answer is larger than " + std::to_string(options_.body_bytes) + " bytes"});
    }
  }

  void job_ended(Channel& channel, JobPtr job, base::Result<void> how, bool reusable) override {
    const auto keep = shared_from_this();
    if (reusable && !shut_) {
      const auto shared = channel.shared_from_this();
      shared->rest();
      idle_.push_back(shared);
      if (!job->is_stream()) --whole_running_;
      place_next();
    } else {
      forget(channel, *job);
    }
    finish(job, std::move(how));
  }

  void job_bounced(Channel& channel, JobPtr job) override {
    forget(channel, *job);
    job->repeated = true;
    if (job->is_stream() || whole_running_ < options_.connections)
      start(job, nullptr);
    else
      waiting_.push_front(job);
  }

  void idle_closed(Channel& channel) override {
    const auto shared = channel.shared_from_this();
    std::erase(idle_, shared);
    channels_.erase(shared);
  }

 private:
  void place(const JobPtr& job) {
    if (!job->is_stream() && whole_running_ >= options_.connections) return wait(job);
    std::shared_ptr<Channel> channel;
    if (!idle_.empty()) {
      channel = idle_.back();
      idle_.pop_back();
    }
    start(job, std::move(channel));
  }

  void wait(const JobPtr& job) {
    if (waiting_.size() < options_.waiting) return waiting_.push_back(job);
    finish(job, base::fail(Code::TooManyRequests, name_ + ": too many requests of ours wait for it already"));
  }

  void start(const JobPtr& job, std::shared_ptr<Channel> channel) {
    if (!job->is_stream()) ++whole_running_;
    if (!channel) {
      ++made_;
      channel = std::make_shared<Channel>(loop_, endpoint_, options_, name_, weak_from_this());
      channels_.insert(channel);
    }
    channel->run(job);
  }

  void place_next() {
    while (!waiting_.empty() && whole_running_ < options_.connections) {
      const JobPtr job = waiting_.front();
      waiting_.pop_front();
      if (!job->finished) place(job);
    }
  }

  // A channel that had this job is closed.
  void forget(Channel& channel, const Job& job) {
    channels_.erase(channel.shared_from_this());
    if (!job.is_stream()) --whole_running_;
    loop_.post([weak = weak_from_this()] {
      if (auto self = weak.lock()) self->place_next();
    });
  }

  void finish(const JobPtr& job, base::Result<void> how) {
    if (std::exchange(job->finished, true)) return;
    job->deadline.cancel();
    if (job->is_stream()) return job->sink->ended(std::move(how));
    auto done = std::move(job->done);
    if (how)
      done(std::move(job->whole));
    else
      done(base::fail(std::move(how.error())));
  }

  void expire(const JobPtr& job, std::string why) {
    base::Error error{Code::Timeout, name_ + ": " + std::move(why)};
    if (auto channel = job->channel.lock(); channel && channel->job() == job) return channel->fail(std::move(error));
    std::erase(waiting_, job);
    finish(job, base::fail(std::move(error)));
  }

  void watch_deadline(const JobPtr& job, base::Duration time) {
    job->deadline = loop_.after(time, [weak = weak_from_this(), weak_job = std::weak_ptr(job)] {
      const auto self = weak.lock();
      const auto job = weak_job.lock();
      if (self && job && !job->finished) self->expire(job, "no answer in time");
    });
  }

  void watch_silence(const JobPtr& job, base::Duration left) {
    job->deadline = loop_.after(left, [weak = weak_from_this(), weak_job = std::weak_ptr(job)] {
      const auto self = weak.lock();
      const auto job = weak_job.lock();
      if (!self || !job || job->finished) return;
      const base::Duration silent = self->loop_.mono() - job->last_byte;
      if (silent >= job->request.silence) return self->expire(job, "the stream has fallen silent");
      self->watch_silence(job, job->request.silence - silent);
    });
  }

  runtime::real::Loop& loop_;
  const Endpoint endpoint_;
  const ClientOptions options_;
  const std::string name_;
  std::set<std::shared_ptr<Channel>> channels_;  // all open ones; never iterated where the order could matter
  std::vector<std::shared_ptr<Channel>> idle_;
  std::deque<JobPtr> waiting_;
  std::size_t whole_running_ = 0;
  std::uint64_t made_ = 0;
  bool shut_ = false;
};

namespace {
class CallImpl final : public Call {
 public:
  explicit CallImpl(std::move_only_function<void()> give_up) : give_up_(std::move(give_up)) {}
  ~CallImpl() override { give_up_(); }

 private:
  std::move_only_function<void()> give_up_;
};
}  // namespace

Client::Client(runtime::real::Loop& loop, Endpoint endpoint, ClientOptions options)
    : pool_(std::make_shared<Pool>(loop, std::move(endpoint), std::move(options))) {
  std::signal(SIGPIPE, SIG_IGN);
}

Client::~Client() { pool_->shut_down(); }

std::unique_ptr<Call> Client::send(Outgoing request, std::move_only_function<void(base::Result<Response>)> done) {
  auto job = std::make_shared<Job>(Job{.request = std::move(request), .done = std::move(done)});
  pool_->submit(job);
  return std::make_unique<CallImpl>([pool = std::weak_ptr(pool_), job] {
    if (auto p = pool.lock()) p->give_up(job);
  });
}

std::unique_ptr<Call> Client::stream(Outgoing request, StreamSink& sink) {
  auto job = std::make_shared<Job>(Job{.request = std::move(request), .sink = &sink});
  pool_->submit(job);
  return std::make_unique<CallImpl>([pool = std::weak_ptr(pool_), job] {
    if (auto p = pool.lock()) p->give_up(job);
  });
}

std::size_t Client::connections_open() const { return pool_->open(); }
std::uint64_t Client::connections_made() const { return pool_->made(); }

}  // namespace slipway::http
