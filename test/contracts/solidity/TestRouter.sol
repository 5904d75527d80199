// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

interface ISwapped {
    function transferFrom(address from, address to, uint256 amount) external;
    function transfer(address to, uint256 amount) external;
}

/// @title Swaps at prices that the test sets, out of its own balance
contract TestRouter {
    struct Price {
        uint256 numerator;
        uint256 denominator;
    }

    mapping(address => mapping(address => Price)) public priceOf;

    function setPrice(address from, address to, uint256 numerator, uint256 denominator) external {
        priceOf[from][to] = Price(numerator, denominator);
    }

    function swap(address from, uint256 amount, address to) external returns (uint256 bought) {
        Price memory price = priceOf[from][to];
        bought = (amount * price.numerator) / price.denominator;
        ISwapped(from).transferFrom(msg.sender, address(this), amount);
        ISwapped(to).transfer(msg.sender, bought);
    }
}

/// @title An oracle of a Morpho Blue market
contract TestMarketOracle {
    uint256 public price;

    constructor(uint256 price_) {
        price = price_;
    }
}
