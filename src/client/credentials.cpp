#include "client/credentials.h"

#include <vector>

#include "api/meta.h"
#include "base/strings.h"
#include "data/json.h"
#include "http/pki.h"
#include "runtime/file.h"
#include "runtime/real/program.h"

namespace slipway::client {
namespace {

using base::Code;
using base::fail;
using data::Value;
using Done = std::move_only_function<void(base::Result<void>)>;

constexpr base::Duration kReadAgain = base::minutes(1);
constexpr base::Duration kExecLimit = base::minutes(5);  // a person may have to log in
constexpr std::size_t kMostErrorText = 2000;

class Fixed final : public Credentials {
 public:
  explicit Fixed(Credential credential) : credential_(std::move(credential)) {}
  const Credential* current() override { return &credential_; }
  void fetch(Done) override {}
  void refused() override {}

 private:
  Credential credential_;
};

// When the file cannot be read, what it said last goes on being shown: the server's refusal says more than we could.
class TokenFile final : public Credentials {
 public:
  TokenFile(runtime::real::Loop& loop, std::string path, Credential first)
      : loop_(loop), path_(std::move(path)), credential_(std::move(first)), read_at_(loop.mono()) {}

  const Credential* current() override {
    if (loop_.mono() - read_at_ >= kReadAgain) read();
    return &credential_;
  }
  void fetch(Done) override {}
  void refused() override { read(); }

 private:
  void read() {
    read_at_ = loop_.mono();
    const auto text = runtime::read_file(path_);
    if (const std::string token(text ? base::trim(*text) : ""); !token.empty()) credential_.token = token;
  }

  runtime::real::Loop& loop_;
  std::string path_;
  Credential credential_;
  base::MonoTime read_at_;
};

class Exec final : public Credentials {
 public:
  Exec(runtime::real::Loop& loop, const Connection& connection)
      : loop_(loop), plugin_(connection.exec), origin_(connection.origin), interactive_(is_interactive(plugin_)) {}

  const Credential* current() override {
    if (answer_ && answer_->expires && loop_.now() >= *answer_->expires) answer_.reset();
    return answer_ ? &answer_->credential : nullptr;
  }

  void refused() override {
    if (!running_) answer_.reset();
  }

  void fetch(Done done) override {
    waiting_.push_back(std::move(done));
    if (waiting_.size() > 1) return;
    if (plugin_.interactive == ExecPlugin::Interactive::Always && !interactive_)
      return loop_.post([this, alive = std::weak_ptr(alive_)] {
        if (alive.lock()) tell(fail(Code::Unauthorized, named() + " must ask a person, and there is no terminal"));
      });
    std::vector<std::string> argv = {plugin_.command};
    argv.insert(argv.end(), plugin_.arguments.begin(), plugin_.arguments.end());
    runtime::real::ProgramOptions options{
        .environment = plugin_.environment, .with_input = interactive_, .limit = kExecLimit};
    options.environment.push_back("KUBERNETES_EXEC_INFO=" + exec_info(plugin_, interactive_));
    running_ =
        runtime::real::run_program(loop_, std::move(argv), std::move(options),
                                   [this](base::Result<runtime::real::ProgramEnd> end) { ended(std::move(end)); });
  }

 private:
  static bool is_interactive(const ExecPlugin& plugin) {
    return plugin.interactive != ExecPlugin::Interactive::Never && runtime::real::is_interactive();
  }

  std::string named() const {
    return origin_.file + ": user \"" + origin_.user + "\": the credential plugin " + plugin_.command;
  }

  void ended(base::Result<runtime::real::ProgramEnd> end) {
    const auto keep = std::move(running_);
    tell(take(std::move(end)));
  }

  base::Result<void> take(base::Result<runtime::real::ProgramEnd> end) {
    if (!end && end.error().code == Code::NotFound)
      return fail(Code::Unauthorized,
                  named() + " is not installed" + (plugin_.install_hint.empty() ? "" : ": " + plugin_.install_hint));
    if (!end) return fail(Code::Unauthorized, named() + " has failed: " + end.error().message);
    if (end->status != 0)
      return fail(Code::Unauthorized,
                  named() + " has failed with status " + std::to_string(end->status) + said(end->errors));
    auto answer = read_exec_answer(plugin_, end->output);
    if (!answer) return fail(Code::Unauthorized, named() + " " + answer.error().message + said(end->errors));
    answer_ = std::move(*answer);
    return {};
  }

  static std::string said(const std::string& errors) {
    const std::string text(base::trim(errors).substr(0, kMostErrorText));
    return text.empty() ? "" : "; it says: " + text;
  }

  void tell(const base::Result<void>& how) {
    const std::weak_ptr<bool> alive = alive_;
    for (Done& done : std::exchange(waiting_, {})) {
      done(how);
      if (alive.expired()) return;
    }
  }

  runtime::real::Loop& loop_;
  ExecPlugin plugin_;
  Origin origin_;
  bool interactive_;
  std::optional<ExecAnswer> answer_;
  std::vector<Done> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<runtime::real::RunningProgram> running_;
};

}  // namespace

std::unique_ptr<Credentials> make_credentials(runtime::real::Loop& loop, const Connection& c) {
  Credential fixed{.token = c.token, .certificate = c.certificate, .key = c.key};
  if (!c.exec.command.empty()) return std::make_unique<Exec>(loop, c);
  if (!c.token_file.empty()) return std::make_unique<TokenFile>(loop, c.token_file, std::move(fixed));
  return std::make_unique<Fixed>(std::move(fixed));
}

std::string exec_info(const ExecPlugin& plugin, bool interactive) {
  Value spec = Value::object({{"interactive", interactive}});
  if (plugin.provide_cluster) spec.set("cluster", plugin.cluster);
  return data::to_json(
      Value::object({{"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}}));
}

base::Result<ExecAnswer> read_exec_answer(const ExecPlugin& plugin, std::string_view output) {
  const auto document = data::parse_json(output);
  if (!document) return fail(Code::Invalid, "has not printed an ExecCredential: " + document.error().message);
  if ((*document)["kind"].as_string() != "ExecCredential")
    return fail(Code::Invalid, "has not printed an ExecCredential");
  if ((*document)["apiVersion"].as_string() != plugin.api_version)
    return fail(Code::Invalid, "answers in " + (*document)["apiVersion"].str("no version") + ", but " +
                                   plugin.api_version + " was asked for");
  const Value& status = (*document)["status"];
  ExecAnswer answer{.credential = {.token = status["token"].str(),
                                   .certificate = status["clientCertificateData"].str(),
                                   .key = status["clientKeyData"].str()},
                    .expires = api::time_at(status["expirationTimestamp"])};
  if (answer.credential.certificate.empty() != answer.credential.key.empty())
    return fail(Code::Invalid, "gives a certificate without its key, or a key without its certificate");
  if (answer.credential == Credential{}) return fail(Code::Invalid, "gives neither a token nor a certificate");
  if (auto shown = http::pki::describe(answer.credential.certificate);
      shown && (!answer.expires || *answer.expires > shown->not_after))
    answer.expires = shown->not_after;
  return answer;
}

}  // namespace slipway::client
