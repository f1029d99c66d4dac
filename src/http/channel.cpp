#include "http/channel.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <utility>

#include "http/tunnel.h"
#include "runtime/real/asio_loop.h"

namespace slipway::http {
namespace asio = boost::asio;
using asio::ip::tcp;
using base::Code;
using boost::system::error_code;

namespace {
constexpr std::size_t kReadSize = 16u << 10;
constexpr int kRounds = 32;  // reads or writes in a row before other tasks of the loop get a turn

void set(int fd, int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof value); }

// Silence is probed after half the time, then every sixth of it; what was sent must be acknowledged within all of it.
void notice_death(Socket& socket, base::Duration within) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const int fd = socket.native_handle();
  const auto seconds = static_cast<int>(within / base::seconds(1));
  if (seconds <= 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return;
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return;
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, std::max(1, seconds / 2));
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, seconds / 6));
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, seconds * 1000);
}
}  // namespace

Channel::Channel(runtime::real::Loop& loop, const Endpoint& endpoint, const ClientOptions& options, std::string name,
                 std::weak_ptr<ChannelOwner> owner)
    : loop_(loop),
      endpoint_(endpoint),
      options_(options),
      name_(std::move(name)),
      owner_(std::move(owner)),
      resolver_(runtime::real::io_of(loop)) {}

void Channel::close() {
  if (std::exchange(closed_, true)) return;
  timer_.cancel();
  resolver_.cancel();
  error_code ignored;
  if (connecting_) connecting_->close(ignored);
  if (transport_) transport_->close();
}

void Channel::fail(base::Error why) {
  if (closed_) return;
  close();
  const auto owner = owner_.lock();
  if (!owner) return;
  auto job = std::exchange(job_, nullptr);
  if (!job) return owner->idle_closed(*this);
  const bool bounced = !fresh() && !got_bytes_ && why.code == Code::Unavailable && job->repeatable();
  if (bounced) return owner->job_bounced(*this, std::move(job));
  owner->job_ended(*this, std::move(job), base::fail(std::move(why)), false);
}

void Channel::rest() {
  timer_ = loop_.after(options_.idle_time, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->fail({Code::Canceled, "idle"});
  });
}

// --- connecting -------------------------------------------------------------------------------------------

void Channel::run(JobPtr job) {
  ++jobs_;
  timer_.cancel();
  job_ = std::move(job);
  job_->channel = weak_from_this();
  got_bytes_ = head_delivered_ = false;
  reader_.emplace(options_.header_bytes, job_->request.method == "HEAD");
  send_request();
  if (transport_) return pump();
  timer_ = loop_.after(options_.connect_time, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->fail({Code::Timeout, self->describe("no connection in time")});
  });
  connect();
}

void Channel::connect() {
  if (endpoint_.fd >= 0) return adopt(endpoint_.fd);
  if (!endpoint_.socket_path.empty())
    return try_address({asio::local::stream_protocol::endpoint(endpoint_.socket_path)}, 0);
  const Endpoint& first = options_.proxy ? options_.proxy->endpoint : endpoint_;
  error_code not_literal;
  const auto address = asio::ip::make_address(first.host, not_literal);
  if (not_literal) return resolve(first);
  reach({tcp::endpoint(address, first.port)});
}

void Channel::resolve(const Endpoint& first) {
  resolver_.async_resolve(first.host, std::to_string(first.port), tcp::resolver::numeric_service,
                          [self = shared_from_this()](const error_code& ec, const tcp::resolver::results_type& found) {
                            if (self->closed_) return;
                            if (ec) return self->fail({Code::Unavailable, self->describe(ec.message())});
                            std::vector<tcp::endpoint> addresses;
                            for (const auto& entry : found) addresses.push_back(entry.endpoint());
                            self->reach(addresses);
                          });
}

// Those of them that we may connect to, one after another.
void Channel::reach(const std::vector<tcp::endpoint>& addresses) {
  std::vector<asio::generic::stream_protocol::endpoint> allowed;
  base::Error refused{Code::Unavailable, "no address"};
  for (const tcp::endpoint& each : addresses) {
    const auto verdict = options_.may_connect && !options_.proxy ? options_.may_connect(each.address().to_string())
                                                                 : base::Result<void>();
    if (verdict)
      allowed.emplace_back(each);
    else
      refused = verdict.error();
  }
  if (allowed.empty()) return fail({refused.code, describe(refused.message)});
  try_address(std::move(allowed), 0);
}

void Channel::try_address(std::vector<asio::generic::stream_protocol::endpoint> addresses, std::size_t index) {
  connecting_.emplace(runtime::real::io_of(loop_));
  const auto& address = addresses[index];
  const auto next = [self = shared_from_this(), addresses, index](const error_code& ec) {
    if (self->closed_) return;
    if (!ec) return self->reached();
    if (index + 1 < addresses.size()) return self->try_address(addresses, index + 1);
    const std::string via =
        self->options_.proxy ? "HTTP proxy " + self->options_.proxy->endpoint.authority() + ": " : "";
    self->fail({Code::Unavailable, self->describe(via + ec.message())});
  };
  connecting_->async_connect(address, next);
}

// The server, or the proxy that leads to it.
void Channel::reached() {
  if (!options_.proxy || !endpoint_.socket_path.empty()) return connected(std::move(*connecting_));
  open_tunnel(*connecting_, endpoint_.authority(), *options_.proxy,
              [self = shared_from_this()](base::Result<void> how) {
                if (self->closed_) return;
                if (!how) return self->fail({how.error().code, self->describe(how.error().message)});
                self->connected(std::move(*self->connecting_));
              });
}

void Channel::adopt(int fd) {
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size);
  const int protocol = local.ss_family == AF_UNIX ? 0 : IPPROTO_TCP;
  Socket socket(runtime::real::io_of(loop_));
  error_code ec;
  socket.assign(asio::generic::stream_protocol(local.ss_family, protocol), fd, ec);
  if (ec) return fail({Code::Unavailable, describe(ec.message())});
  connected(std::move(socket));
}

void Channel::connected(Socket socket) {
  transport_.emplace(std::move(socket), options_.tls, false);
  notice_death(transport_->socket(), options_.dead_time);
  connecting_.reset();
  transport_->expect_host(options_.server_name.empty() ? endpoint_.host : options_.server_name);
  pump();
}

// --- readiness --------------------------------------------------------------------------------------------

void Channel::pump() {
  const auto keep = shared_from_this();
  if (closed_ || !transport_ || !shake_hands()) return;
  flush();
  if (!closed_) receive();
}

bool Channel::shake_hands() {
  if (shaken_) return true;
  const Next next = transport_->handshake();
  shaken_ = next == Next::Done;
  if (!shaken_) {
    wait_for(next);
    return false;
  }
  timer_.cancel();
  return true;
}

void Channel::wait_for(Next next) {
  if (next == Next::Ended) return fail({Code::Unavailable, describe("the server closed the connection")});
  if (next == Next::Failed) return fail({Code::Unavailable, describe(transport_->error())});
  const bool read = next == Next::WaitRead;
  if (std::exchange(read ? read_armed_ : write_armed_, true)) return;
  const auto kind = read ? asio::socket_base::wait_read : asio::socket_base::wait_write;
  transport_->socket().async_wait(kind, [self = shared_from_this(), read](const error_code& ec) {
    (read ? self->read_armed_ : self->write_armed_) = false;
    if (!ec) self->pump();
  });
}

// --- the request ------------------------------------------------------------------------------------------

namespace {
bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}
void add_fields(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers.all())
    if (is_clean(name) && is_clean(value)) out += name + ": " + value + "\r\n";
}
}  // namespace

void Channel::send_request() {
  const Outgoing& request = job_->request;
  sent_ = 0;
  head_ = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + endpoint_.authority() + "\r\n";
  add_fields(head_, options_.headers);
  add_fields(head_, request.headers);
  const std::size_t size = view_of(request.body).size();
  const bool may_have_body = request.method != "GET" && request.method != "HEAD";
  if (size > 0 || may_have_body) head_ += "Content-Length: " + std::to_string(size) + "\r\n";
  if (endpoint_.fd >= 0) head_ += "Connection: close\r\n";
  head_ += "\r\n";
  // A small body travels with the head; a large one from where it is.
  if (size > 0 && size <= kReadSize) head_ += *request.body;
}

void Channel::flush() {
  for (int round = 0; job_; ++round) {
    const std::string_view body = view_of(job_->request.body);
    const std::string_view rest = body.size() > kReadSize ? body : std::string_view();
    if (sent_ == head_.size() + rest.size()) return;
    if (round == kRounds) return loop_.post([self = shared_from_this()] { self->pump(); });
    const std::string_view piece =
        sent_ < head_.size() ? std::string_view(head_).substr(sent_) : rest.substr(sent_ - head_.size());
    const auto [bytes, next] = transport_->write(piece.data(), piece.size());
    // The server may have answered and closed without reading everything: let `receive` see that first.
    if (next == Next::Failed) return;
    if (next != Next::Done) return wait_for(next);
    sent_ += bytes;
  }
}

// --- the response -----------------------------------------------------------------------------------------

void Channel::receive() {
  for (int round = 0; round < kRounds; ++round) {
    const std::size_t before = input_.size();
    input_.resize(before + kReadSize);
    const auto [bytes, next] = transport_->read(input_.data() + before, kReadSize);
    input_.resize(before + bytes);
    if (next == Next::Ended) return peer_ended();
    if (next != Next::Done) {
      if (input_.empty()) std::string().swap(input_);
      return wait_for(next);
    }
    take_in();
    if (closed_) return;
  }
  loop_.post([self = shared_from_this()] { self->pump(); });
}

void Channel::take_in() {
  if (!job_) return fail({Code::Unavailable, describe("the server spoke without being asked")});
  got_bytes_ = true;
  const JobPtr job = job_;
  job->last_byte = loop_.mono();
  const auto complete = reader_->feed(input_, [&](std::string_view bytes) {
    deliver_head();
    const auto owner = owner_.lock();
    if (owner && !job->finished) owner->got_data(*job, bytes);
  });
  if (closed_) return;
  if (!complete) return fail({complete.error().code, describe(complete.error().message)});
  deliver_head();
  if (!closed_ && *complete) this->complete();
}

void Channel::deliver_head() {
  if (head_delivered_ || !reader_->has_head() || !job_ || job_->finished) return;
  head_delivered_ = true;
  if (const auto owner = owner_.lock())
    owner->got_head(*job_, std::exchange(reader_->head(), {reader_->head().status}));
}

void Channel::peer_ended() {
  if (!job_ || !got_bytes_) return fail({Code::Unavailable, describe("the server closed the connection")});
  if (auto ok = reader_->finish(); !ok) return fail({ok.error().code, describe(ok.error().message)});
  deliver_head();
  if (!closed_) complete();
}

void Channel::complete() {
  const bool all_sent = sent_ >= head_.size() && (view_of(job_->request.body).size() <= kReadSize ||
                                                  sent_ == head_.size() + job_->request.body->size());
  const bool reusable = reader_->keep_alive() && all_sent && endpoint_.fd < 0 && input_.empty();
  auto job = std::exchange(job_, nullptr);
  if (!reusable) close();
  if (const auto owner = owner_.lock()) owner->job_ended(*this, std::move(job), {}, reusable);
}

}  // namespace slipway::http
