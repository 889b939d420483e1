#include "sources/no_source.h"

#include <utility>

namespace camloop {
namespace {

class NoSource : public Source {
 public:
  explicit NoSource(std::string why) {
    facts_.name = "off";
    facts_.fault = std::move(why);
  }

  void set_active(bool) override {}
  Result<> set_control(const std::string&, int) override { return Error{facts_.fault}; }
  const SourceFacts& facts() const override { return facts_; }

 private:
  SourceFacts facts_;
};

}  // namespace

std::unique_ptr<Source> make_no_source(std::string why) {
  return std::make_unique<NoSource>(std::move(why));
}

}  // namespace camloop
