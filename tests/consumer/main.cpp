// The gradient of a sum of squares, through the installed package.
#include <xtape/xtape.hpp>

#include <cstdio>

int main() {
    xtape::Variable<double> x(xt::xarray<double>{1.0, -2.0, 3.0}, xtape::requires_grad);
    xtape::backward(xtape::sum(x * x));
    for (std::size_t i = 0; i < 3; ++i)
        if (x.grad()(i) != 2.0 * x.value()(i)) {
            std::printf("wrong gradient: %g of %g\n", x.grad()(i), x.value()(i));
            return 1;
        }
}
