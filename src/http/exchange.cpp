// The half of the server that other threads touch.
#include <boost/asio/post.hpp>
#include <utility>

#include "http/connection.h"

namespace slipway::http {

void IoThread::post(std::move_only_function<void()> task) {
  std::lock_guard lock(mutex_);
  if (open_) boost::asio::post(io, std::move(task));
}

void IoThread::refuse_posts() {
  std::lock_guard lock(mutex_);
  open_ = false;
}

// --- Exchange ---------------------------------------------------------------------------------------------

void Exchange::post(void (Connection::*what)(Exchange&)) {
  thread_->post([self = shared_from_this(), what] { (self->connection_.get()->*what)(*self); });
}

void Exchange::respond(int status, Headers headers, Bytes body) {
  SLIPWAY_CHECK(!begun_ && !ended_);
  ended_ = true;
  thread_->post([self = shared_from_this(), status, headers = std::move(headers), body = std::move(body)]() mutable {
    self->connection_->respond(*self, status, std::move(headers), std::move(body));
  });
}

void Exchange::respond(std::move_only_function<WholeAnswer()> make) {
  SLIPWAY_CHECK(!begun_ && !ended_);
  ended_ = true;
  thread_->post([self = shared_from_this(), make = std::move(make)]() mutable {
    if (!self->connection_->current(*self)) return;
    auto [status, headers, body] = make();
    self->connection_->respond(*self, status, std::move(headers), std::move(body));
  });
}

void Exchange::begin(int status, Headers headers) {
  SLIPWAY_CHECK(!begun_ && !ended_);
  begun_ = true;
  thread_->post([self = shared_from_this(), status, headers = std::move(headers)] {
    self->connection_->begin(*self, status, headers);
  });
}

bool Exchange::write(Bytes piece) {
  SLIPWAY_CHECK(begun_ && !ended_);
  if (view_of(piece).empty()) return true;  // an empty chunk would mean the end
  std::lock_guard lock(mutex_);
  if (gone_ || overflown_) return false;
  if ((backlog_ += piece->size()) > backlog_limit_) {
    overflown_ = true;
    post(&Connection::cut_slow);
    return false;
  }
  queue_.push_back(std::move(piece));
  if (!std::exchange(scheduled_, true)) post(&Connection::take_pieces);
  return true;
}

void Exchange::end() {
  SLIPWAY_CHECK(begun_ && !ended_);
  ended_ = true;
  post(&Connection::end);
}

void Exchange::abandon() {
  if (ended_) return;
  if (begun_) return post(&Connection::cut);
  respond(500, {{"Content-Type", "text/plain"}}, bytes_of("the server gave no answer\n"));
}

void Exchange::on_gone(std::move_only_function<void()> gone) {
  std::lock_guard lock(mutex_);
  if (!gone_)
    when_gone_ = std::move(gone);
  else
    thread_->post(std::move(gone));
}

void Exchange::on_drained(std::move_only_function<void()> drained) {
  std::lock_guard lock(mutex_);
  when_drained_ = std::move(drained);
}

std::vector<Bytes> Exchange::take_queue() {
  std::lock_guard lock(mutex_);
  scheduled_ = false;
  return std::exchange(queue_, {});
}

void Exchange::taken(std::size_t bytes) {
  if ((backlog_ -= bytes) > 0) return;
  std::move_only_function<void()> drained;
  {
    std::lock_guard lock(mutex_);
    drained = std::exchange(when_drained_, nullptr);
  }
  if (!drained) return;
  drained();
  std::lock_guard lock(mutex_);
  if (!when_drained_) when_drained_ = std::move(drained);
}

void Exchange::mark_gone() {
  std::move_only_function<void()> gone;
  {
    std::lock_guard lock(mutex_);
    gone_ = true;
    queue_.clear();
    gone = std::exchange(when_gone_, nullptr);
    when_drained_ = nullptr;
  }
  if (gone) gone();
}

// --- ResponseWriter ---------------------------------------------------------------------------------------

ResponseWriter::ResponseWriter(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

ResponseWriter& ResponseWriter::operator=(ResponseWriter&& other) noexcept {
  if (this == &other) return *this;
  if (exchange_) exchange_->abandon();
  exchange_ = std::move(other.exchange_);
  return *this;
}

ResponseWriter::~ResponseWriter() {
  if (exchange_) exchange_->abandon();
}

void ResponseWriter::respond(int status, Headers headers, Bytes body) {
  exchange_->respond(status, std::move(headers), std::move(body));
}
void ResponseWriter::respond(std::move_only_function<WholeAnswer()> make) { exchange_->respond(std::move(make)); }
void ResponseWriter::begin(int status, Headers headers) { exchange_->begin(status, std::move(headers)); }
bool ResponseWriter::write(Bytes piece) { return exchange_->write(std::move(piece)); }
void ResponseWriter::end() { exchange_->end(); }
std::size_t ResponseWriter::backlog() const { return exchange_->backlog(); }
void ResponseWriter::on_gone(std::move_only_function<void()> gone) { exchange_->on_gone(std::move(gone)); }
void ResponseWriter::on_drained(std::move_only_function<void()> drained) { exchange_->on_drained(std::move(drained)); }

}  // namespace slipway::http
