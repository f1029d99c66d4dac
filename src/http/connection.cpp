#include "http/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ctime>
#include <utility>

#include "http/compress.h"

namespace slipway::http {
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {
// RFC 9110, 5.6.7 and 6.6.1. Made once a second and thread.
const std::string& date_line() {
  thread_local std::time_t made = 0;
  thread_local std::string line;
  const std::time_t now = std::time(nullptr);
  if (now == made) return line;
  made = now;
  std::tm parts{};
  char text[64];
  std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", ::gmtime_r(&now, &parts));
  return line = text;
}

constexpr std::size_t kReadSize = 16u << 10;   // one TLS record
constexpr std::size_t kReadAhead = 64u << 10;  // of pipelined requests, while one is being answered
constexpr std::size_t kGather = 16u << 10;     // small pieces are sent together up to this
constexpr int kRounds = 32;                    // reads or writes in a row before others get a turn
constexpr std::size_t kLingerBytes = 8u << 20;
constexpr base::Duration kLingerTime = base::seconds(2);

// A field value must not begin a new line, wherever it came from.
std::string one_line(std::string_view text) {
  std::string out(text);
  std::replace_if(out.begin(), out.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return out;
}

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address.starts_with("[::1]") || address == "unix";
}

bool has_no_body(int status) { return status == 204 || status == 304 || status < 200; }
}  // namespace

Connection::Connection(std::shared_ptr<ServerCore> core, std::shared_ptr<IoThread> thread, Socket socket,
                       std::shared_ptr<const TlsContext> tls, std::string address)
    : core_(std::move(core)),
      thread_(std::move(thread)),
      transport_(std::move(socket), std::move(tls), true),
      peer_{std::move(address), transport_.is_tls(), {}},
      reader_(core_->limits.read),
      timer_(thread_->io) {}

Connection::~Connection() {
  if (!closed_) core_->connections--;
}

void Connection::start() {
  thread_->connections.insert(this);
  if (core_->stopping) return close();
  pump();
}

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  core_->connections--;
  thread_->connections.erase(this);
  timer_.cancel();
  transport_.close();
  output_.clear();
  if (auto exchange = std::exchange(exchange_, nullptr)) exchange->mark_gone();
}

void Connection::stop_soon() {
  keep_alive_ = false;
  if (streaming_ || (!exchange_ && output_.empty())) close();
}

// --- readiness --------------------------------------------------------------------------------------------

// Does all that can be done without waiting, then arranges to be called again.
void Connection::pump() {
  const auto keep = shared_from_this();
  if (closed_ || !shake_hands()) return;
  flush();
  if (!closed_) receive();
  if (!closed_) flush();
  if (!closed_) watch_time();
}

bool Connection::shake_hands() {
  if (shaken_) return true;
  const Next next = transport_.handshake();
  if (next == Next::Done) {
    shaken_ = true;
    peer_.certificate = transport_.peer_identity();
    return true;
  }
  wait_for(next);
  if (!closed_) watch_time();
  return false;
}

void Connection::wait_for(Next next) {
  if (next == Next::Failed || next == Next::Ended) return close();
  const bool read = next == Next::WaitRead;
  if (std::exchange(read ? read_armed_ : write_armed_, true)) return;
  const auto kind = read ? asio::socket_base::wait_read : asio::socket_base::wait_write;
  transport_.socket().async_wait(kind, [self = shared_from_this(), read](const boost::system::error_code& ec) {
    (read ? self->read_armed_ : self->write_armed_) = false;
    if (!ec) self->pump();
  });
}

// --- requests ---------------------------------------------------------------------------------------------

void Connection::receive() {
  if (peer_ended_) return;
  thread_local std::string buffer(kReadSize, '\0');
  for (int round = 0; round < kRounds; ++round) {
    if (exchange_ && input_.size() >= kReadAhead) return;  // goes on when the answer is complete
    const auto [bytes, next] = transport_.read(buffer.data(), buffer.size());
    if (next == Next::Ended) return peer_ended();
    if (next != Next::Done) return wait_for(next);
    input_.append(buffer, 0, bytes);
    took_in(bytes);
    if (closed_) return;
  }
  thread_->post([self = shared_from_this()] { self->pump(); });
}

void Connection::took_in(std::size_t bytes) {
  if (close_when_sent_ || lingering_) {  // only waiting for the client to read our last words
    input_.clear();
    if ((discarded_ += bytes) > kLingerBytes) close();
    return;
  }
  if (!exchange_) parse();
}

void Connection::parse() {
  while (!exchange_ && !closed_ && !close_when_sent_) {
    const auto complete = reader_.feed(input_);
    if (!complete) return reject(complete.error());
    if (!*complete) {
      if (reader_.wants_continue()) send_text("HTTP/1.1 100 Continue\r\n\r\n");
      break;
    }
    dispatch();
  }
  if (input_.empty()) std::string().swap(input_);  // an idle connection keeps no buffer
}

void Connection::dispatch() {
  Request request = reader_.take();
  phase_renewed_ = true;
  head_only_ = request.method == "HEAD";
  accepts_gzip_ = request.headers.lists("Accept-Encoding", "gzip");
  chunked_ = !reader_.http_1_0();
  keep_alive_ = reader_.keep_alive() && !core_->stopping;
  request.peer = peer_;
  core_->requests++;
  exchange_ = std::make_shared<Exchange>(thread_, shared_from_this(), core_->limits.stream_backlog);
  core_->handler(std::move(request), ResponseWriter(exchange_));
}

void Connection::reject(const base::Error& why) {
  const int status = why.code == base::Code::TooLarge ? 413 : why.code == base::Code::Invalid ? 431 : 400;
  keep_alive_ = false;
  input_.clear();
  const std::string body = why.message + "\n";
  send_head(status, {{"Content-Type", "text/plain"}}, "Content-Length: " + std::to_string(body.size()) + "\r\n");
  send_text(body);
  linger_when_sent_ = true;
  answered();
}

// The client has sent all it will ever send. It may still read, unless the answer is a stream: then nobody would know.
void Connection::peer_ended() {
  peer_ended_ = true;
  keep_alive_ = false;
  if (streaming_ || lingering_) return close();
  if (exchange_) return exchange_->mark_gone();
  close_when_sent_ = true;
  if (output_.empty()) close();
}

// --- answers ----------------------------------------------------------------------------------------------

void Connection::send_head(int status, const Headers& headers, std::string framing) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " ";
  head += reason_phrase(status);
  head += "\r\n";
  for (const auto& [name, value] : headers.all()) head += one_line(name) + ": " + one_line(value) + "\r\n";
  if (!headers.has("Date")) head += date_line();
  head += framing;
  if (!keep_alive_)
    head += "Connection: close\r\n";
  else if (reader_.http_1_0())
    head += "Connection: keep-alive\r\n";  // not the default there
  head += "\r\n";
  send_text(std::move(head));
}

void Connection::respond(Exchange& exchange, int status, Headers headers, Bytes body) {
  if (!current(exchange)) return;
  const bool worth =
      view_of(body).size() >= core_->limits.compress_from && accepts_gzip_ && !headers.has("Content-Encoding");
  if (worth && (core_->limits.compress_loopback || !is_loopback(peer_.address))) {
    body = bytes_of(gzip(*body));
    headers.set("Content-Encoding", "gzip");
    headers.add("Vary", "Accept-Encoding");
  }
  if (core_->stopping) keep_alive_ = false;
  const auto size = view_of(body).size();
  send_head(status, headers, has_no_body(status) ? "" : "Content-Length: " + std::to_string(size) + "\r\n");
  if (!head_only_ && !has_no_body(status)) send(std::move(body), false);
  answered();
  pump();
}

void Connection::begin(Exchange& exchange, int status, const Headers& headers) {
  if (!current(exchange)) return;
  if (peer_ended_) return close();
  streaming_ = true;
  if (!chunked_) keep_alive_ = false;
  send_head(status, headers, chunked_ ? "Transfer-Encoding: chunked\r\n" : "");
  take_pieces(exchange);
}

void Connection::take_pieces(Exchange& exchange) {
  if (!current(exchange)) return;
  for (Bytes& piece : exchange.take_queue()) {
    if (head_only_) {
      exchange.taken(piece->size());
      continue;
    }
    if (chunked_) {
      char size[20];
      const auto end = std::to_chars(size, size + sizeof size, piece->size(), 16).ptr;
      send_text(std::string(size, end) + "\r\n");
    }
    send(std::move(piece), true);
    static const Bytes kEndOfChunk = bytes_of("\r\n");
    if (chunked_) send(kEndOfChunk, false);
  }
  pump();
}

void Connection::end(Exchange& exchange) {
  if (!current(exchange)) return;
  take_pieces(exchange);
  if (!current(exchange)) return;
  if (chunked_ && !head_only_) send_text("0\r\n\r\n");
  answered();
  pump();
}

void Connection::cut(Exchange& exchange) {
  if (current(exchange)) close();
}

void Connection::cut_slow(Exchange& exchange) {
  if (!current(exchange)) return;
  core_->overflows++;
  close();
}

// The answer is complete as far as the exchange is concerned; its bytes may still wait.
void Connection::answered() {
  exchange_.reset();
  streaming_ = false;
  phase_renewed_ = true;
  if (!keep_alive_) close_when_sent_ = true;
  if (!close_when_sent_) parse();
}

// --- sending ----------------------------------------------------------------------------------------------

void Connection::send(Bytes bytes, bool counted) {
  if (view_of(bytes).empty()) return;
  if (output_at_ == output_.size()) phase_renewed_ = true;
  output_.push_back({std::move(bytes), counted});
}

void Connection::flush() {
  for (int round = 0; output_at_ < output_.size(); ++round) {
    if (round == kRounds) return thread_->post([self = shared_from_this()] { self->pump(); });
    const auto [bytes, next] = send_front();
    if (next != Next::Done) return wait_for(next);
    sent(bytes);
    if (closed_) return;
  }
  all_sent();
}

// Large pieces go out from where they are; small ones are gathered, so that each does not cost a record of its own.
Transport::Step Connection::send_front() {
  const std::string& front = *output_[output_at_].bytes;
  const std::size_t left = front.size() - output_offset_;
  if (left >= kGather / 2 || output_at_ + 1 == output_.size())
    return transport_.write(front.data() + output_offset_, left);
  thread_local std::string gathered;
  gathered.assign(front, output_offset_);
  for (std::size_t i = output_at_ + 1; i < output_.size() && gathered.size() < kGather; ++i)
    gathered.append(*output_[i].bytes, 0, kGather - gathered.size());
  return transport_.write(gathered.data(), gathered.size());
}

void Connection::sent(std::size_t bytes) {
  phase_renewed_ = true;
  std::size_t counted = 0;
  while (bytes > 0) {
    Piece& piece = output_[output_at_];
    const std::size_t n = std::min(bytes, piece.bytes->size() - output_offset_);
    bytes -= n;
    output_offset_ += n;
    if (piece.counted) counted += n;
    if (output_offset_ < piece.bytes->size()) break;
    piece.bytes.reset();
    output_offset_ = 0;
    ++output_at_;
  }
  if (counted > 0 && exchange_) {
    const auto exchange = exchange_;
    exchange->taken(counted);
  }
}

void Connection::all_sent() {
  output_at_ = 0;
  if (output_.capacity() > 64)
    std::vector<Piece>().swap(output_);
  else
    output_.clear();
  if (!close_when_sent_ || lingering_) return;
  if (linger_when_sent_) return linger();
  close();
}

// Closing while the client still sends would reset the connection and destroy the answer on its way: end our side, and
// read on for a moment.
void Connection::linger() {
  lingering_ = true;
  ::shutdown(transport_.socket().native_handle(), SHUT_WR);
}

// --- time -------------------------------------------------------------------------------------------------

Connection::Phase Connection::phase() const {
  if (!shaken_) return Phase::Handshake;
  if (lingering_) return Phase::Lingering;
  if (output_at_ < output_.size()) return Phase::Sending;
  if (exchange_) return Phase::Answering;
  if (reader_.idle()) return Phase::Idle;
  return reader_.in_body() ? Phase::Body : Phase::Head;
}

base::Duration Connection::time_of(Phase phase) const {
  switch (phase) {
    case Phase::Handshake:
    case Phase::Head:
      return core_->limits.head_time;
    case Phase::Body:
      return core_->limits.body_time;
    case Phase::Idle:
      return core_->limits.idle_time;
    case Phase::Sending:
      return core_->limits.stall_time;
    case Phase::Lingering:
      return kLingerTime;
    case Phase::Answering:
      return base::Duration::max();
  }
  std::unreachable();
}

void Connection::watch_time() {
  const Phase now = phase();
  if (now == phase_ && !std::exchange(phase_renewed_, false)) return;
  phase_ = now;
  phase_renewed_ = false;
  const base::Duration time = time_of(now);
  const bool unlimited = time == base::Duration::max();
  const auto deadline = unlimited ? Clock::time_point::max() : Clock::now() + time;
  const bool sooner = deadline < deadline_;
  deadline_ = deadline;
  if (!unlimited && (!timer_armed_ || sooner)) arm_timer();
}

// The timer is left alone when the deadline moves back; it finds out when it fires.
void Connection::arm_timer() {
  timer_armed_ = true;
  timer_.expires_at(deadline_);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
    const auto self = weak.lock();
    if (ec || !self || self->closed_) return;
    self->timer_armed_ = false;
    if (Clock::now() >= self->deadline_) return self->close();
    if (self->deadline_ != Clock::time_point::max()) self->arm_timer();
  });
}

}  // namespace slipway::http
