// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {PlimsollExecutor} from "contracts/PlimsollExecutor.sol";

interface ILent {
    function transfer(address to, uint256 amount) external;
    function transferFrom(address from, address to, uint256 amount) external;
}

/// @title Uses every moment of control to call what it was told to, and writes down how that went
contract Attacker {
    address private _target;
    bytes private _data;
    uint256 public attempts;
    /// @dev Whether any attempt went through, and what the first one met.
    bool public succeeded;
    bytes public reason;

    function arm(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function poke() external payable {
        if (_target == address(0)) return;
        (bool passed, bytes memory answer) = _target.call(_data);
        if (passed) succeeded = true;
        if (attempts++ == 0) reason = answer;
    }

    /// @dev A router that takes and gives nothing.
    function swap(address token, uint256 amount, address) external {
        ILent(token).transferFrom(msg.sender, address(this), amount);
    }

    receive() external payable {
        this.poke();
    }
}

/// @title A lender that breaks its word in a way of the test's choice; speaks like Morpho Blue and like Aave v3
contract HostileLender {
    enum Way {
        Honest,
        NeverCallsBack,
        SendsNothing,
        CallsTwice,
        OtherBytes,
        OtherAmount,
        OtherCallback,
        OtherInitiator,
        OtherToken,
        Delegates,
        TakesMore,
        TakesLess
    }

    Way public way;
    uint256 public premium;
    HostileLender public other;

    function set(Way way_, uint256 premium_) external {
        (way, premium) = (way_, premium_);
    }

    function setOther(HostileLender other_) external {
        other = other_;
    }

    function flashLoan(address token, uint256 assets, bytes calldata data) external {
        _lend(token, assets, data, false);
    }

    function flashLoanSimple(address, address token, uint256 assets, bytes calldata data, uint16) external {
        _lend(token, assets, data, true);
    }

    function callBack(PlimsollExecutor executor, address token, uint256 assets, address initiator, bytes calldata data, bool asAave) external {
        _callBack(executor, token, assets, initiator, data, asAave);
    }

    function _lend(address token, uint256 assets, bytes memory data, bool asAave) private {
        PlimsollExecutor executor = PlimsollExecutor(payable(msg.sender));
        if (way == Way.NeverCallsBack) return;
        if (way != Way.SendsNothing) ILent(token).transfer(msg.sender, assets);
        if (way == Way.OtherBytes) data[data.length - 1] = bytes1(uint8(data[data.length - 1]) + 1);
        if (way == Way.OtherCallback) asAave = !asAave;
        address initiator = way == Way.OtherInitiator ? address(this) : msg.sender;
        uint256 named = way == Way.OtherAmount ? assets - 1 : assets;
        address namedToken = way == Way.OtherToken ? address(this) : token;
        if (way == Way.Delegates) other.callBack(executor, namedToken, named, initiator, data, asAave);
        else _callBack(executor, namedToken, named, initiator, data, asAave);
        if (way == Way.CallsTwice) _callBack(executor, namedToken, named, initiator, data, asAave);
        uint256 owed = assets + (asAave ? premium : 0);
        if (way == Way.TakesMore) ++owed;
        if (way == Way.TakesLess) owed -= 7;
        ILent(token).transferFrom(msg.sender, address(this), owed);
    }

    function _callBack(PlimsollExecutor executor, address token, uint256 assets, address initiator, bytes memory data, bool asAave) private {
        if (asAave) executor.executeOperation(token, assets, premium, initiator, data);
        else executor.onMorphoFlashLoan(assets, data);
    }
}

/// @title A smart account that owns an executor; anybody may drive it, it is a test
contract TestAccount {
    bool public takesEther = true;
    PlimsollExecutor public executor;
    bytes public again;
    bytes public reason;

    error NoEther();

    function create() external {
        executor = new PlimsollExecutor(address(this));
    }

    function setTakesEther(bool takesEther_) external {
        takesEther = takesEther_;
    }

    /// @dev Sent once more as soon as ether comes back.
    function setAgain(bytes calldata data) external {
        again = data;
    }

    function run(address target, bytes calldata data) external payable {
        (bool succeeded, bytes memory answer) = target.call{value: msg.value}(data);
        if (succeeded) return;
        assembly {
            revert(add(answer, 32), mload(answer))
        }
    }

    receive() external payable {
        if (!takesEther) revert NoEther();
        if (again.length == 0) return;
        (, reason) = address(executor).call(again);
    }
}
