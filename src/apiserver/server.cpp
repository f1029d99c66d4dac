#include "apiserver/server.h"

#include <algorithm>

#include "apiserver/audit.h"
#include "apiserver/bootstrap.h"
#include "apiserver/commit.h"
#include "apiserver/core.h"
#include "apiserver/discovery.h"
#include "apiserver/errors.h"
#include "apiserver/keepers.h"
#include "apiserver/logs.h"
#include "apiserver/read.h"
#include "apiserver/reviews.h"
#include "apiserver/scale.h"
#include "apiserver/subresource.h"
#include "apiserver/watch.h"
#include "apiserver/write.h"

namespace slipway::apiserver {
namespace {

using base::fail;

AddressRange range_of(const Settings& settings) {
  auto range = AddressRange::parse(settings.service_range);
  SLIPWAY_CHECK(range.has_value());  // settings are checked where they come from
  return *range;
}

Response response_of(base::Result<Response> result) {
  return result ? std::move(*result) : Response::of(std::move(result.error()));
}

bool is_health(std::string_view path) {
  return path == "/healthz" || path == "/livez" || path == "/readyz" || path.starts_with("/livez/") ||
         path.starts_with("/readyz/");
}

bool offers(const api::Kind& kind, const Target& target, Verb verb) {
  if (!target.subresource.empty()) return has_subresource(kind, target.subresource);
  return std::ranges::find(kind.verbs, text_of(verb)) != kind.verbs.end();
}

}  // namespace

class ApiServer::Impl {
 public:
  Impl(store::Store& store, runtime::Loop& loop, runtime::Random& random, Settings settings)
      : core_{store, loop, random, settings, range_of(settings)},
        policy_(core_),
        kinds_(core_,
               [this](ApiRequest request, Responder responder) { run(std::move(request), std::move(responder)); }),
        events_(core_) {
    core_.scheme.store(api::Scheme::builtin());
    core_.policy.store(std::make_shared<const Policy>(*store.published()));
  }

  void start() {
    bootstrap(core_.store, core_.loop, core_.random, *core_.scheme.load());
    policy_.start();
    kinds_.start();
    events_.start();
  }

  void handle(AnyRequest request, Responder responder);
  void run(AnyRequest request, Responder responder);

  struct Raw {
    std::string prefix;
    RawHandler handler;
  };
  Core core_;
  std::vector<Raw> raw_;
  std::function<bool()> ready_ = [] { return true; };

 private:
  // Control loop only: writes, watches, logs, pages of older revisions, raw handlers.
  void on_loop(ApiRequest& request, Responder responder);
  void write(ApiRequest& request, KindPtr kind, Responder responder);
  void raw(PathRequest request, Responder responder);
  base::Result<Response> open_stream(const ApiRequest& request, const KindPtr& kind);
  base::Result<Response> old_page(const ApiRequest& request, const KindPtr& kind, store::Revision revision);
  // Any thread.
  bool needs_loop(const AnyRequest& request) const;
  void read_ahead(ApiRequest& request) const;
  base::Result<KindPtr> admitted_kind(const ApiRequest& request) const;
  base::Result<Response> read(const ApiRequest& request);
  base::Result<Response> read_kind(const ApiRequest& request, const KindPtr& kind);
  base::Result<Response> ask(const ApiRequest& request, const KindPtr& kind);
  Response path(const PathRequest& request);
  Response health(const PathRequest& request) const;
  const Raw* raw_of(std::string_view path) const;

  PolicyKeeper policy_;
  CustomKindKeeper kinds_;
  EventKeeper events_;
  Discovery discovery_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// --- which thread -----------------------------------------------------------------------------------------

bool ApiServer::Impl::needs_loop(const AnyRequest& any) const {
  if (auto* path = std::get_if<PathRequest>(&any)) return raw_of(path->path) != nullptr;
  const auto& request = std::get<ApiRequest>(any);
  if (is_write(request.verb) || request.verb == Verb::Watch || request.target.subresource == "log") return true;
  return request.verb == Verb::List && wanted_revision(request.options).has_value();
}

void ApiServer::Impl::handle(AnyRequest request, Responder responder) {
  if (!needs_loop(request)) return run(std::move(request), std::move(responder));
  if (auto* about_object = std::get_if<ApiRequest>(&request)) read_ahead(*about_object);
  core_.loop.post(
      [this, alive = std::weak_ptr(alive_), request = std::move(request), responder = std::move(responder)]() mutable {
        if (!alive.expired()) run(std::move(request), std::move(responder));
      });
}

// Documents are parsed on the thread that received them: the control loop has only what needs an order. Whoever may not
// write gets no work done; the loop refuses.
void ApiServer::Impl::read_ahead(ApiRequest& request) const {
  if (!is_write(request.verb) || authorize(*core_.policy.load(), request.who, attributes_of(request))) return;
  apiserver::read_ahead(*core_.scheme.load(), request.body);
}

void ApiServer::Impl::run(AnyRequest any, Responder responder) {
  bool loop = needs_loop(any);
  if (auto* path_request = std::get_if<PathRequest>(&any))
    return loop ? raw(std::move(*path_request), std::move(responder)) : responder(path(*path_request));
  auto& request = std::get<ApiRequest>(any);
  if (loop)
    on_loop(request, std::move(responder));
  else
    responder(response_of(read(request)));
}

// --- the chain --------------------------------------------------------------------------------------------

// Authorize, then find the kind: who may not look learns nothing about what there is.
base::Result<KindPtr> ApiServer::Impl::admitted_kind(const ApiRequest& request) const {
  if (auto refused = authorize(*core_.policy.load(), request.who, attributes_of(request)))
    return fail(std::move(*refused));
  KindPtr kind = core_.find(request.target);
  if (kind == nullptr) return fail(unknown_path());
  const Target& t = request.target;
  if (!t.subresource.empty() && !has_subresource(*kind, t.subresource)) return fail(unknown_path());
  if (!kind->resource.namespaced && !t.space.empty()) return fail(unknown_path());
  if (kind->resource.namespaced && t.space.empty() && !t.name.empty()) return fail(unknown_path());
  if (!offers(*kind, t, request.verb)) return fail(method_not_allowed(text_of(request.verb)));
  return kind;
}

base::Result<Response> ApiServer::Impl::read(const ApiRequest& request) {
  auto kind = admitted_kind(request);
  if (!kind) return fail(kind.error());
  return read_kind(request, *kind);
}

base::Result<Response> ApiServer::Impl::read_kind(const ApiRequest& request, const KindPtr& kind) {
  auto snapshot = core_.store.published();
  if (request.verb == Verb::List) {
    std::optional<ContinueToken> from;
    if (!request.options.continue_token.empty()) {
      auto token = ContinueToken::decode(request.options.continue_token);
      if (!token) return fail(token.error());
      from = *token;
    }
    return list_objects(*snapshot, kind, request, from, &core_.object_bytes);
  }
  auto response = get_object(*snapshot, kind, request);
  if (!response || request.target.subresource != "scale") return response;
  return Response::of(nullptr, scale_of(*kind, std::get<Single>(response->body).object));
}

base::Result<Response> ApiServer::Impl::old_page(const ApiRequest& request, const KindPtr& kind,
                                                 store::Revision revision) {
  std::optional<ContinueToken> from;
  if (!request.options.continue_token.empty()) from = *ContinueToken::decode(request.options.continue_token);
  auto snapshot = core_.store.at(revision);
  if (snapshot) return list_objects(**snapshot, kind, request, from, &core_.object_bytes);
  if (from && snapshot.error().code == base::Code::Expired) return expired_page(*from);
  return fail(snapshot.error());
}

base::Result<Response> ApiServer::Impl::open_stream(const ApiRequest& request, const KindPtr& kind) {
  base::Result<std::unique_ptr<Stream>> stream;
  if (request.verb == Verb::Watch) {
    stream = WatchStream::open(core_, kind, request);
  } else {
    auto pod = get_object(*core_.store.published(), kind, request);
    if (!pod) return fail(pod.error());
    auto log = log_request(std::get<Single>(pod->body).object, request.options, core_.loop.now());
    if (!log) return fail(log.error());
    if (core_.settings.logs == nullptr) return fail(base::Code::Unavailable, "no node here can be asked for logs");
    stream = log_stream(*core_.settings.logs, std::move(*log));
  }
  if (!stream) return fail(stream.error());
  Response response;
  response.body = std::move(*stream);
  return response;
}

void ApiServer::Impl::on_loop(ApiRequest& request, Responder responder) {
  auto kind = admitted_kind(request);
  if (is_write(request.verb)) {
    if (kind) return write(request, std::move(*kind), std::move(responder));
    Response refused = Response::of(kind.error());
    if (core_.settings.audit) core_.settings.audit->write(audit_line(request, refused.status, core_.loop.now()));
    return responder(std::move(refused));
  }
  if (!kind) return responder(Response::of(kind.error()));
  if (request.verb != Verb::List) return responder(response_of(open_stream(request, *kind)));
  auto revision = *wanted_revision(request.options);
  responder(revision ? response_of(old_page(request, *kind, *revision)) : Response::of(revision.error()));
}

void ApiServer::Impl::write(ApiRequest& request, KindPtr kind, Responder responder) {
  auto commit = std::make_shared<Commit>(std::move(responder));
  base::Result<Response> result;
  bool main = request.target.subresource.empty() || request.target.subresource == "status";
  if (!kind->stored)
    result = ask(request, kind);
  else if (main)
    result = Writer(core_, request, kind, commit).run();
  else
    result = write_subresource(core_, request, kind, commit);
  Response response = response_of(std::move(result));
  if (core_.settings.audit && kind->stored)
    core_.settings.audit->write(audit_line(request, response.status, core_.loop.now()));
  commit->finish(std::move(response));
}

base::Result<Response> ApiServer::Impl::ask(const ApiRequest& request, const KindPtr& kind) {
  // A question has no columns and no metadata to show as a table.
  if (request.form.shape != Shape::Object)
    return fail(base::Code::NotAcceptable, "this answer has only one form: application/json");
  auto document = parse_body(*core_.scheme.load(), request.body);
  if (!document) return fail(document.error());
  auto answer = review(*core_.policy.load(), request.who, *kind, document->value);
  if (!answer) return fail(answer.error());
  return Response::of(nullptr, std::move(*answer), 201);
}

// --- paths ------------------------------------------------------------------------------------------------

const ApiServer::Impl::Raw* ApiServer::Impl::raw_of(std::string_view path) const {
  for (const Raw& raw : raw_)
    if (path.starts_with(raw.prefix)) return &raw;
  return nullptr;
}

void ApiServer::Impl::raw(PathRequest request, Responder responder) {
  if (auto refused = authorize(*core_.policy.load(), request.who, attributes_of(request)))
    return responder(Response::of(std::move(*refused)));
  const Raw* found = raw_of(request.path);
  found->handler(std::move(request), std::move(responder));
}

Response ApiServer::Impl::path(const PathRequest& request) {
  if (auto refused = authorize(*core_.policy.load(), request.who, attributes_of(request)))
    return Response::of(std::move(*refused));
  if (is_health(request.path)) return health(request);
  if (Discovery::owns(request.path)) return discovery_.answer(core_.scheme.load(), request);
  return Response::of(unknown_path());
}

Response ApiServer::Impl::health(const PathRequest& request) const {
  bool fine = !request.path.starts_with("/readyz") || ready_();
  bool verbose =
      std::ranges::any_of(request.options.other, [](const auto& option) { return option.first == "verbose"; });
  std::string line = verbose ? std::string(fine ? "[+]" : "[-]") + "slipway " + (fine ? "ok" : "not ready") + "\n" : "";
  std::string name = request.path.substr(1, request.path.find('/', 1) - 1);
  if (verbose) line += name + (fine ? " check passed\n" : " check failed\n");
  Response response = Response::text(verbose ? line : fine ? "ok" : "not ready");
  if (!fine) response.status = 500;
  return response;
}

// --- the public face --------------------------------------------------------------------------------------

ApiServer::ApiServer(store::Store& store, runtime::Loop& loop, runtime::Random& random, Settings settings)
    : impl_(std::make_unique<Impl>(store, loop, random, std::move(settings))) {}
ApiServer::~ApiServer() = default;

void ApiServer::start() { impl_->start(); }
void ApiServer::handle(AnyRequest request, Responder responder) {
  impl_->handle(std::move(request), std::move(responder));
}
void ApiServer::run(AnyRequest request, Responder responder) { impl_->run(std::move(request), std::move(responder)); }
void ApiServer::add_raw(std::string prefix, RawHandler handler) {
  impl_->raw_.push_back({std::move(prefix), std::move(handler)});
}
void ApiServer::set_logs(LogSource* logs) { impl_->core_.settings.logs = logs; }
void ApiServer::set_ready(std::function<bool()> ready) { impl_->ready_ = std::move(ready); }
std::shared_ptr<const api::Scheme> ApiServer::scheme() const { return impl_->core_.scheme.load(); }
base::Time ApiServer::wall_now() const { return impl_->core_.wall_now(); }

}  // namespace slipway::apiserver
