// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title A token that can behave like the awkward ones, and that tells somebody about every transfer
contract AwkwardToken {
    /// @notice Ordinary; answers nothing and wants 0 before another approval; answers false; refuses an approval of 0; refuses all without a word.
    enum Style {
        Ordinary,
        Silent,
        AnswersFalse,
        RefusesZero,
        RefusesMutely
    }

    Style public style;
    address public hook;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    error BalanceTooLow();
    error AllowanceTooLow();
    error ApprovalRefused();

    constructor(Style style_) {
        style = style_;
    }

    function setHook(address hook_) external {
        hook = hook_;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        if (style == Style.RefusesMutely) revert();
        if (style == Style.Silent && amount != 0 && allowance[msg.sender][spender] != 0) revert ApprovalRefused();
        if (style == Style.RefusesZero && amount == 0) revert ApprovalRefused();
        if (style != Style.AnswersFalse) allowance[msg.sender][spender] = amount;
        _answer();
    }

    function transfer(address to, uint256 amount) external {
        if (style != Style.AnswersFalse) _move(msg.sender, to, amount);
        _answer();
    }

    function transferFrom(address from, address to, uint256 amount) external {
        if (allowance[from][msg.sender] < amount) revert AllowanceTooLow();
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        _answer();
    }

    function _move(address from, address to, uint256 amount) private {
        if (balanceOf[from] < amount) revert BalanceTooLow();
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        if (hook != address(0)) {
            (bool told, ) = hook.call(abi.encodeWithSignature("poke()"));
            told;
        }
    }

    function _answer() private view {
        bool silent = style == Style.Silent;
        bool answer = style != Style.AnswersFalse;
        assembly {
            mstore(0, answer)
            if silent {
                return(0, 0)
            }
            return(0, 32)
        }
    }
}

/// @title Ether as a token; gives it back with no more gas than a plain transfer has
contract WrappedEther {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function deposit() external payable {
        balanceOf[msg.sender] += msg.value;
    }

    function withdraw(uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        payable(msg.sender).transfer(amount);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}
